SELECT
    user_id,
    UPPER(first_name) AS first_name_upper,
    UPPER(last_name) AS last_name_upper,
    email,
    CASE WHEN age >= 18 THEN 'adult' ELSE 'minor' END AS age_group
FROM {{ ref('raw_users') }}
WHERE email IS NOT NULL
