"""What columns of each kind are called.

Owns the phrases, by kind. They are cut into words as names are, so that abbreviations and words of other languages are the same
word in both.
"""

from __future__ import annotations

from toolkit.governance.classes.names import tokens

Phrase = tuple[str, ...]
_STRONG = {
    "secret": """
        password, password hash, passphrase, pass hash, secret, client secret, customer secret, api key, apikey,
        access key, secret key, private key, access token, refresh token, auth token, bearer token, api token,
        session token, credential, credentials, connection string, mot de passe, pin code, security answer, otp,
        cvv, cvc, api secret, customer pin, account pin
    """,
    "payment_card": """
        card number, credit card, creditcard, credit card number, card pan, pan, kreditkarte, kreditkartennummer,
        carte bancaire, numero carte, tarjeta, number tarjeta, cc number, debit card, number carte
    """,
    "national_number": """
        ssn, social security number, social security, national id, national number, nationalid,
        sozialversicherungsnummer, svnr, nir, dni, nie, bsn, pesel, cpf, personnummer, cpr, codice fiscale,
        codicefiscale, nino, national insurance number, sin number, aadhaar, curp, rut, insee, numero securite
        sociale, nhs number, ahv number, identity number, personal number, number securite sociale, ahv
    """,
    "identity_document": """
        passport, passport number, passport id, passnummer, reisepass, pasaporte, passeport, id card, id card
        number, driver license, driving licence, drivers license, license number driver, ausweisnummer,
        personalausweis, identity card, identity card number, visa number, fuhrerschein, number passeport
    """,
    "health": """
        diagnosis, diagnosis code, icd, icd10, icd code, icd 10, blood type, blood group, blutgruppe, allergies,
        allergy, medication, medications, disability, disabled, medical history, medical condition, health
        condition, health status, prescription, pregnant, pregnancy, diabetic, diabetes, smoker, bmi, hiv status,
        diagnose, maladie, enfermedad, vaccination status, sick days, sick leave, symptoms, treatment, mental
        health, diagnostico, medical notes
    """,
    "special_category": """
        religion, confession, konfession, denomination, faith, ethnicity, ethnic group, race, ethnie, etnia,
        political party, party affiliation, political view, political opinion, trade union, union member, union
        membership, gewerkschaft, sexual orientation, religious belief, sindicato, syndicat, philosophical belief,
        church tax, kirchensteuer
    """,
    "email": """
        email, email address, correo, correo electronico, courriel, email id, correo email, address email
    """,
    "phone": """
        phone, phone number, mobile, mobile number, cell, cell phone, cellphone, msisdn, fax, fax number, whatsapp,
        rufnummer, portable, number phone, number mobile, telefonnr, mobilnummer, phonenumber, mobile phone
    """,
    "iban": """
        iban, iban number
    """,
    "bank_account": """
        bank account, bank account number, account number, kontonummer, number account, rib, ccc, routing number,
        sort code, bankleitzahl, blz, accountnumber
    """,
    "tax_number": """
        tax id, tax number, tin, steuernummer, steuer id, steueridentifikationsnummer, vat id, vat number, vatin,
        ust id, nif, cif, partita iva, siret, siren, nip, cnpj, ein, itin, rfc, tax code, ustid, number fiscal
    """,
    "first_name": """
        first name, firstname, fname, given name, givenname, forename, vorname, prenom, nombre pila, middle name,
        middlename, christian name, preferred name
    """,
    "last_name": """
        last name, lastname, lname, surname, family name, familyname, nachname, familienname, apellido, apellidos,
        nom famille, maiden name, second name
    """,
    "person_name": """
        full name, fullname, nombre completo, nom complet, person name, card holder, cardholder, account holder,
        cardholder name, holder name, customer name, user name full, employee name, patient name, contact name,
        contact person, owner name, member name, guest name, passenger name, student name, teacher name, driver
        name, doctor name, author name, recipient name, sender name, applicant name, manager name, legal name, name
        customer, name user, ansprechpartner, kundenname, display name, beneficiary name, emergency contact, nom
        customer
    """,
    "postal_address": """
        address, street, street address, address line, home address, street name, strasse, straße, hausnummer, house
        number, calle, rue, domicilio, wohnort, address street, mailing address, address 1, address 2, postanschrift
    """,
    "postal_code": """
        postcode, post code, postal code, zip, zip code, zipcode, plz, postleitzahl, code postal, codigo postal,
        postalcode, cap code
    """,
    "city": """
        city, town, ort, stadt, ville, ciudad, birth place, place birth, geburtsort, city name, village
    """,
    "birth_date": """
        birth date, date birth, dob, birthday, birthdate, born, geburtsdatum, geburtstag, date naissance, date
        nacimiento, nacimiento, data nascita, date of birth, date de naissance, date de nacimiento, born on,
        naissance
    """,
    "gender": """
        gender, sex, geschlecht, sexe, sexo, genre personne, salutation, anrede, civilite, genero
    """,
    "demographics": """
        age, age group, age years, customer age, marital status, familienstand, nationality, nationalitat,
        nationalite, nacionalidad, citizenship, staatsangehorigkeit, birth country, birth year, year birth,
        geburtsjahr, household size, education level, year of birth
    """,
    "income": """
        salary, base salary, annual salary, income, annual income, household income, wage, wages, hourly wage,
        gehalt, jahresgehalt, salaire, sueldo, salario, compensation, bonus amount, net pay, gross pay, einkommen,
        lohn, credit score, credit limit, salary amount, monthly salary, salary eur, salary usd
    """,
    "ip_address": """
        ip, ip address, ipaddress, ipv4, ipv6, remote address, source ip, src ip, customer ip, direccion ip, adresse
        ip, address ip
    """,
    "mac_address": """
        mac, mac address, wifi mac, bssid
    """,
    "location": """
        lat, latitude, lon, lng, longitude, coordinates, coords, geo, gps, geolocation, lat lon, lat lng,
        breitengrad, langengrad, geo point, gps position, position gps, latitud, longitud, geo location
    """,
    "username": """
        username, user name, login, login name, benutzername, nickname, handle, screen name, user handle, userid
        login, nombre user, nom user, identifiant, twitter handle, twitter, instagram, skype, account name,
        loginname, kennung
    """,
    "device_id": """
        cookie, cookie id, device id, deviceid, visitor id, idfa, gaid, advertising id, ad id, imei, imsi, iccid,
        browser fingerprint, device fingerprint, anonymous id, ga customer id, tracking id customer, user agent,
        session id, sessionid, push token, device token, customer cookie
    """,
    "person_id": """
        customer id, user id, person id, employee id, patient id, member id, contact id, subscriber id, account id,
        customer number, employee number, member number, guest id, passenger id, student id, kundennummer,
        personalnummer, mitgliedsnummer, customer key, user key, customerid, userid, id customer, id user, patient
        number, customer sk, household id, loyalty id, loyalty number, customer code, mrn, number customer
    """,
    "bank_code": """
        bic, swift, bic code, swift code, bank code
    """,
    "country": """
        country, country code, iso country, country iso, nation, country name, land, herkunftsland, iso2, iso3
    """,
    "currency": """
        currency, currency code, ccy, waehrung, iso currency
    """,
    "calendar": """
        weekday, day name, month name, day week, day of week, month, quarter, fiscal quarter, calendar date, holiday
        name, wochentag, jour semaine, mes, mois, holiday, week of year, day of month, is weekend, calendar year,
        iso week
    """,
    "catalogue": """
        product category, product name, category, brand, product brand, product description, product type, category
        name, produktname, kategorie, categorie, categoria, product title, color, colour, size label, unit of
        measure, nom produit, product color, brand name, catalog price, list price, unit price list
    """,
}
_WEAK = {
    "secret": """
        token, pin, jwt, salt, encryption key
    """,
    "payment_card": """
        card, cardnumber
    """,
    "national_number": """
        sin, rrn
    """,
    "health": """
        condition, dose, vaccine
    """,
    "first_name": """
        nombre
    """,
    "last_name": """
        nom
    """,
    "person_name": """
        name, author, recipient, customer, contact, manager, employee, driver, created by, updated by, approved by,
        assignee
    """,
    "income": """
        bonus, pay
    """,
    "location": """
        long, position
    """,
}
"""Those that say other things as well."""


def strong(kind: str) -> tuple[Phrase, ...]:
    """Phrases that say one kind only."""
    return _cut(_STRONG.get(kind, ""))


def weak(kind: str) -> tuple[Phrase, ...]:
    """Phrases that say other things as well."""
    return _cut(_WEAK.get(kind, ""))


def _cut(listed: str) -> tuple[Phrase, ...]:
    return tuple(tokens(one) for one in listed.split(",") if one.strip())
