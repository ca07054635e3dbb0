-- models/transformed_users.sql
SELECT 
    user_id,
    UPPER(first_name) as first_name_upper,
    UPPER(last_name) as last_name_upper,
    email,
    created_at,
    CASE 
        WHEN age >= 18 THEN 'adult'
        ELSE 'minor'
    END as age_group
FROM {{ ref('raw_users') }}
WHERE email IS NOT NULL
