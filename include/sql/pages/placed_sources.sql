-- Sources that are read place by place, the one of the most places first.
SELECT source
FROM core.locations
WHERE is_mapped
GROUP BY source
ORDER BY count(*) DESC, source
