-- How many leads of the outbox the person sees, by state; dry runs are none.
SELECT leads.state, count(*) AS leads, max(leads.updated_at)::text AS changed_at
FROM crm.leads
WHERE NOT leads.dry_run
GROUP BY leads.state
ORDER BY leads.state
