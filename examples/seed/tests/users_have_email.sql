{{ config(severity='error') }}
SELECT * FROM {{ ref('transformed_users') }} WHERE email IS NULL
