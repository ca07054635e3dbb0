-- The tables that etl.yml reads, with some rows: createdb mydb && psql mydb -f examples/databases/sample.sql
CREATE TABLE users (
    user_id int PRIMARY KEY,
    first_name text,
    last_name text,
    email text,
    age int,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now()
);
INSERT INTO users VALUES (1, 'Ada', 'Lovelace', 'a@b', 36), (2, 'Kid', 'Young', 'k@b', 9);

CREATE TABLE orders (
    id serial PRIMARY KEY,
    user_id int,
    amount numeric(10, 2)
);
INSERT INTO orders (user_id, amount) VALUES (1, 10), (1, 5.5), (2, 1);
