SELECT o.id
FROM {{ ref('orders') }} o
LEFT JOIN {{ ref('raw_users') }} u ON o.user_id = u.user_id
WHERE u.user_id IS NULL
