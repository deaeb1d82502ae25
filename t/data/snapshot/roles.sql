-- The roles of schema.sql; with names that make order and quoting matter.

CREATE ROLE dba SUPERUSER LOGIN;
CREATE ROLE app_owner;
CREATE ROLE reader;
CREATE ROLE "Web User";
