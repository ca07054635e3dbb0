-- The first transformation: JSON lines in, upper-cased names and taxed amounts out, as Parquet with Snappy.
CREATE OR REPLACE TEMPORARY VIEW raw USING json OPTIONS (path 'data/raw/');

INSERT OVERWRITE DIRECTORY 'data/transformed/' USING parquet OPTIONS (compression 'snappy')
SELECT id, upper(name) AS name_upper, amount * 1.1 AS amount_taxed, country, date, meta.device AS device
FROM raw
WHERE amount > 100;

SELECT * FROM parquet.`data/transformed/` ORDER BY id LIMIT 10;
