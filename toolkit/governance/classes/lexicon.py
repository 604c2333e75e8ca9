"""Short lists of words that tell what a column holds.

Owns the lists; all in small letters without accents (`names.folded`). They are samples of what is common, not registers: a
share of hits tells, a single miss tells nothing. Countries, currencies and languages come from pycountry.
"""

from __future__ import annotations

from functools import cache

from toolkit.governance.classes.names import folded, listed

FIRST_NAMES = listed(
    """
    aaron abdul adam adrian agnes ahmed aisha alan albert alejandro alessandro alex alexander alexandra alfred ali
    alice alicia amanda amelia amina ana anders andre andrea andreas andrew angela anita anja ann anna anne anneke
    annette anthony antoine antonio ariana arthur astrid barbara beatriz ben benjamin bernard bernd birgit bjorn
    brian brigitte bruno camille carla carlos carmen carol caroline cecilia charles charlotte chen chloe chris
    christian christina christine christoph claire clara claudia daniel daniela david deborah denise dennis diana
    diego dieter dimitri dirk dominik dorothy edward elena elisabeth elizabeth elke ella emily emma enrique eric
    erik ernst esther eva fabian fatima felix fernando filip florian francesca francesco francisco frank franz
    fred freya friedrich gabriel gabriele georg george gerhard gianni gisela giulia giuseppe gloria grace greta
    guillaume gustav hanna hannah hans harry hassan heather heidi heike heinz helen helena helga helmut henrik
    henry hiroshi holger hugo ian ibrahim ines ingrid irene isabel isabella ivan jack jacob jacques james jan jane
    janet jasmine javier jean jennifer jens jessica joan joana joao johan johanna johannes john jonas jorge jose
    josef joseph juan julia julian julie julien jurgen kai karen karin karl katarzyna kate katharina katherine
    kathrin kenji kerstin kevin klaus kristina krzysztof lars laura lea leah lena leon leonie liam linda lisa
    lorenzo louis louise luc luca lucas lucia lucy luis luisa lukas magdalena manfred manuel marco marcus margaret
    maria marie mario marion mark markus marta martin martina mary mateo mateusz mathieu mats matthew matthias max
    maximilian megan mehmet mei melanie mia michael michel michelle miguel mikael mila mohamed mohammed monica
    monika moritz muhammad nadia nancy natalia natalie nicolas nicole nils nina noah noor nora oliver olivia omar
    oscar otto pablo pamela paola patricia patrick paul paula pavel pedro peter petra philipp philippe pierre
    pietro piotr priya rachel rafael rainer ralf ramon raquel raul rebecca renate ricardo richard robert roberto
    roger rolf rosa ruth ryan sabine salma samuel sandra sara sarah sebastian sergio sharon silke silvia simon
    simone sofia sofie sonja sophia sophie stefan stefanie stephanie stephen steven susan susanne sven sylvie
    tanja teresa theo theresa thomas tim timo tobias tom tomas tomasz ulrich ulrike ursula ute valentina valerie
    vera victor victoria vincent viktor virginia walter wei werner wiebke wilhelm william wolfgang xavier yann
    yasmin yuki yusuf yves zeynep zoe
    """
)
LAST_NAMES = listed(
    """
    adams ahmed albrecht alonso alvarez andersen andersson bakker bauer baumann becker beck berg bergmann bernard
    bertrand bianchi blanc bonnet braun brown campbell carlsson carter castro chen clark colombo costa cruz davis
    delgado diaz dubois dumont dupont durand edwards engel eriksson esposito evans fernandez ferrari ferreira
    fischer fontaine fournier frank fuchs garcia garnier gauthier girard gomez gonzalez gonzales graf green gross
    gruber gutierrez haas hahn hall hansen harris hartmann herrmann hernandez hill hoffmann hofmann horvath huber
    hughes ivanov jackson jansen janssen jensen jimenez johansson johnson jones kaiser karlsson keller khan kim
    king klein koch kohler konig kovacs kowalski kraus kruger kuhn kumar lambert lang lange larsen larsson laurent
    lee lefebvre lehmann leroy lewis li lopez lorenz ludwig maier marino martin martinez martinsson mayer mercier
    meyer miller mitchell moore morales moreau morel moreno moser muller munoz murphy nagy navarro nguyen nielsen
    nilsson nowak olsen ortega ortiz otto park patel pedersen pereira perez peters petersen petrov phillips pham
    pichler ramirez ramos ricci richter rivera roberts robinson rodriguez romano romero rossi rousseau roux ruiz
    russo sanchez santos sato schafer schmid schmidt schmitt schmitz schneider scholz schroder schubert schulte
    schultz schulz schuster schwarz scott silva simon singh smith sommer stein suarez suzuki svensson tanaka
    taylor thomas thompson torres tran turner van vasquez vincent vogel vogt wagner walker wang watson weber weiss
    werner white williams wilson winkler winter wolf wood wright yamamoto yilmaz young zhang ziegler zimmermann
    """
)
CITIES = listed(
    """
    aachen aarhus abuja accra alicante amsterdam ankara antwerp antwerpen athens atlanta auckland austin baltimore
    bangalore bangkok barcelona basel beijing belfast belgrade bergen berlin bern bilbao birmingham bogota bologna
    bonn bordeaux boston bratislava bremen bristol brno brugge brussels bruxelles bucharest budapest cairo calgary
    cardiff casablanca chennai chicago cologne copenhagen cordoba dallas delhi denver detroit dortmund dresden
    dubai dublin duisburg dusseldorf edinburgh eindhoven essen florence firenze frankfurt gdansk geneva geneve
    genoa genova gent ghent glasgow gothenburg goteborg granada graz grenoble groningen hamburg hannover helsinki
    houston innsbruck istanbul jakarta johannesburg karachi karlsruhe kiel kobenhavn koln krakow kyiv kyoto lagos
    lausanne leeds leicester leipzig liege lille lima limerick linz lisbon lisboa liverpool ljubljana lodz london
    luxembourg lyon madrid malaga malmo manchester manila mannheim marseille melbourne memphis miami milan milano
    montpellier montreal moscow mumbai munich munchen munster murcia nairobi nantes naples napoli newcastle nice
    nurnberg odense oporto osaka oslo ottawa oxford palermo paris perth philadelphia phoenix pisa porto portland
    potsdam poznan prague praha quebec reims rennes riga rome roma rostock rotterdam salzburg santiago seattle
    seoul sevilla seville shanghai sheffield sofia stavanger stockholm strasbourg stuttgart sydney tallinn tampere
    tilburg tokyo toronto torino toulouse trieste trondheim turin turku uppsala utrecht valencia vancouver venice
    verona vienna vilnius warsaw warszawa wien winterthur wroclaw wuppertal zagreb zaragoza zurich
    """
)
GENDERS = listed(
    """
    m f d w x male female man woman men women diverse divers other nonbinary non-binary mannlich weiblich masculin
    feminin homme femme hombre mujer masculino femenino maschio femmina mr mrs ms herr frau u unknown
    """
)
CONDITIONS = listed(
    """
    asthma diabetes hypertension cancer tumor tumour depression anxiety epilepsy migraine hepatitis hiv aids
    influenza covid pneumonia arthritis allergy allergic allergie dementia stroke schizophrenia eczema bronchitis
    anaemia anemia obesity pregnancy pregnant diagnosis insulin chemotherapy metformin ibuprofen penicillin
    warfarin diagnose schwanger krebs
    """
)
BLOOD_TYPES = frozenset(f"{group}{sign}" for group in ("a", "b", "ab", "o", "0") for sign in ("+", "-"))
BELIEFS = listed(
    """
    catholic roman protestant lutheran evangelical orthodox christian muslim islam jewish judaism hindu hinduism
    buddhist buddhism sikh sikhism atheist agnostic katholisch evangelisch muslimisch konfessionslos catholique
    protestante catolico anglican methodist baptist mormon quaker
    """
)
ETHNICITIES = listed(
    """
    caucasian hispanic latino latina asian african arab roma sinti romani indigenous maori kurdish slavic
    african-american
    """
)
STREETS = listed(
    """
    street road avenue lane boulevard square drive court strasse straße str. weg gasse allee platz ufer rue quai
    chemin calle avenida plaza paseo via viale piazza corso straat laan plein gracht gatan vej gade ulica rua
    travessa p.o. postfach
    """
)
WEEKDAYS_AND_MONTHS = listed(
    """
    monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun january february march
    april may june july august september october november december jan feb mar apr jun jul aug sep oct nov dec q1
    q2 q3 q4
    """
)


@cache
def country_codes() -> frozenset[str]:
    """The codes of ISO 3166-1 of two and of three letters."""
    import pycountry

    return frozenset(code for one in pycountry.countries for code in (one.alpha_2, one.alpha_3))


@cache
def country_names() -> frozenset[str]:
    """Names of countries in English."""
    import pycountry

    said = (
        getattr(one, field, "") for one in pycountry.countries for field in ("name", "common_name", "official_name")
    )
    return frozenset(folded(name) for name in said if name)


@cache
def currency_codes() -> frozenset[str]:
    """The codes of ISO 4217 of three letters."""
    import pycountry

    return frozenset(one.alpha_3 for one in pycountry.currencies)
