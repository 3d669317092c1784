-- smartmoving.branches: one row a branch. Names keep their stray spaces (section 11.10).
SELECT
    landed.record_id,
    body ->> 'id' AS branch_id,
    body ->> 'name' AS name,
    core.as_text(body ->> 'phoneNumber') AS phone_number,
    body ->> 'isPrimary' AS is_primary,
    body #>> '{dispatchLocation,fullAddress}' AS full_address,
    body #>> '{dispatchLocation,street}' AS street,
    body #>> '{dispatchLocation,city}' AS city,
    body #>> '{dispatchLocation,state}' AS region,
    body #>> '{dispatchLocation,zip}' AS postal_code,
    body #>> '{dispatchLocation,lat}' AS latitude,
    body #>> '{dispatchLocation,lng}' AS longitude
FROM landed
