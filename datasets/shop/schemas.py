"""The columns of the shop's files, as a reader is told them.

CSV has no types, so its values are read as text; numbers in JSON are exact decimals.
"""

CUSTOMERS = (
    "customer_id STRING, first_name STRING, last_name STRING, email STRING, phone STRING, street STRING, "
    "city STRING, postcode STRING, country STRING, birth_date STRING, segment STRING, registered_at STRING, updated_at STRING"
)
CUSTOMER_CHANGES = (
    "change_id STRING, customer_id STRING, operation STRING, first_name STRING, last_name STRING, street STRING, "
    "city STRING, postcode STRING, country STRING, segment STRING, changed_at STRING, sequence STRING"
)
PRODUCTS = "product_id STRING, name STRING, category STRING, tags STRING, unit_price STRING, updated_at STRING"
EXCHANGE_RATES = "rate_date STRING, currency STRING, rate_to_eur STRING"
INVENTORY_SNAPSHOTS = "snapshot_date STRING, product_id STRING, warehouse STRING, quantity_on_hand STRING"
ORDERS = (
    "order_id STRING, customer_id STRING, ordered_at STRING, status STRING, updated_at STRING, channel STRING, "
    "currency STRING, payment STRUCT<method: STRING, card_last4: STRING, amount: DECIMAL(12,2), installments: INT>, "
    "items ARRAY<STRUCT<product_id: STRING, quantity: INT, unit_price: DECIMAL(12,2)>>, note STRING"
)
RETURNS = "return_id STRING, order_id STRING, returned_at STRING, reason STRING, refund_share DECIMAL(5,4)"
