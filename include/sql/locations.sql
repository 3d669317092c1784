{# A source's places as core.locations: new ones added, what the vendor changed rewritten; zone and currency that
   somebody set by hand stay. #}
WITH sent AS (
{{ select }}
)

MERGE INTO core.locations AS known
USING sent
ON known.client_id = %(client)s AND known.source = %(source)s AND known.account = %(account)s
    AND known.external_id = sent.external_id
WHEN MATCHED AND (
    known.name, known.city, known.region, known.postal_code, known.country, known.latitude, known.longitude,
    known.external_key, known.timezone
) IS DISTINCT FROM (
    sent.name, sent.city, sent.region, sent.postal_code, sent.country, sent.latitude, sent.longitude,
    sent.external_key, coalesce(known.timezone, sent.timezone)
) THEN UPDATE SET
    name = sent.name, city = sent.city, region = sent.region, postal_code = sent.postal_code,
    country = sent.country, latitude = sent.latitude, longitude = sent.longitude, external_key = sent.external_key,
    timezone = coalesce(known.timezone, sent.timezone)
WHEN NOT MATCHED THEN INSERT (
    client_id, source, account, external_id, external_key, name, city, region, postal_code, country, latitude,
    longitude, timezone, currency
) VALUES (
    %(client)s, %(source)s, %(account)s, sent.external_id, sent.external_key, sent.name, sent.city, sent.region,
    sent.postal_code, sent.country, sent.latitude, sent.longitude, sent.timezone,
    CASE sent.country WHEN 'CA' THEN 'CAD' WHEN 'US' THEN 'USD' END
)
