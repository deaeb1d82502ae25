-- A schema with at least one object of each kind and each of their properties.
--
-- Run by psql as role "dba", a superuser, in an empty database, with the
-- variables v16 to v19 (on: objects that this server has and older ones do not)
-- and contrib (on: extensions of PostgreSQL's own are installed).  Without any of
-- them, it is the same schema on all servers.  The roles are made before, by
-- roles.sql.

SET client_min_messages = error;
SET check_function_bodies = off;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA app;
CREATE SCHEMA "Odd.Näme ""1""";
CREATE SCHEMA app2 AUTHORIZATION app_owner;
CREATE SCHEMA vacant;
GRANT USAGE ON SCHEMA app TO reader;
COMMENT ON SCHEMA app IS 'where most of it is';
SET search_path = app;

-- Languages and access methods

CREATE TRUSTED LANGUAGE speech HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator;
CREATE LANGUAGE whisper HANDLER plpgsql_call_handler;
GRANT USAGE ON LANGUAGE speech TO reader WITH GRANT OPTION;
COMMENT ON LANGUAGE speech IS 'spoken';
CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler;
CREATE ACCESS METHOD twig TYPE INDEX HANDLER bthandler;
COMMENT ON ACCESS METHOD pile IS 'a heap';

-- Collations

CREATE COLLATION plain (provider = libc, lc_collate = 'C', lc_ctype = 'POSIX');
CREATE COLLATION phonebook (provider = icu, locale = 'de-u-co-phonebk');
CREATE COLLATION "Case.less" (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
COMMENT ON COLLATION plain IS 'bytes';
\if :v16
CREATE COLLATION ruled (provider = icu, locale = 'und', rules = '& a < g');
\endif
\if :v17
CREATE COLLATION built_in (provider = builtin, locale = 'C.UTF-8');
\endif

-- Functions, as far as types need them

CREATE TYPE word;
CREATE FUNCTION word_in(cstring) RETURNS word LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION word_in2(cstring) RETURNS word LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION word_out(word) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE FUNCTION word_recv(internal) RETURNS word LANGUAGE internal STABLE STRICT AS 'textrecv';
CREATE FUNCTION word_send(word) RETURNS bytea LANGUAGE internal STABLE STRICT AS 'textsend';
CREATE FUNCTION word_mod_in(cstring[]) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodin';
CREATE FUNCTION word_mod_out(integer) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodout';
CREATE FUNCTION word_analyze(internal) RETURNS boolean LANGUAGE internal STRICT AS 'array_typanalyze';
CREATE TYPE word (INPUT = word_in, OUTPUT = word_out, RECEIVE = word_recv, SEND = word_send,
    TYPMOD_IN = word_mod_in, TYPMOD_OUT = word_mod_out, ANALYZE = word_analyze, STORAGE = extended,
    CATEGORY = 'W', PREFERRED = true, DELIMITER = ';', DEFAULT = 'so', COLLATABLE = true);
GRANT USAGE ON TYPE word TO reader;
REVOKE USAGE ON TYPE word FROM PUBLIC;
COMMENT ON TYPE word IS 'a text of its own';
CREATE FUNCTION word_cmp(word, word) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'bttextcmp';
CREATE TYPE pair;
CREATE FUNCTION pair_in(cstring) RETURNS pair LANGUAGE internal IMMUTABLE STRICT AS 'point_in';
CREATE FUNCTION pair_out(pair) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'point_out';
CREATE FUNCTION pair_subscript(internal) RETURNS internal LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'raw_array_subscript_handler';
CREATE TYPE pair (INPUT = pair_in, OUTPUT = pair_out, INTERNALLENGTH = 16, ALIGNMENT = double,
    ELEMENT = float8, SUBSCRIPT = pair_subscript);
CREATE TYPE small_id;
CREATE FUNCTION small_id_in(cstring) RETURNS small_id LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION small_id_out(small_id) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE small_id (INPUT = small_id_in, OUTPUT = small_id_out, LIKE = integer);
CREATE TYPE hollow;
CREATE TYPE atom;
CREATE FUNCTION atom_in(cstring) RETURNS atom LANGUAGE internal IMMUTABLE STRICT AS 'point_in';
CREATE FUNCTION atom_in2(cstring) RETURNS atom LANGUAGE internal IMMUTABLE STRICT AS 'point_in';
CREATE FUNCTION atom_out(atom) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'point_out';
CREATE FUNCTION atom_out2(atom) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'point_out';
CREATE TYPE atom (INPUT = atom_in, OUTPUT = atom_out, INTERNALLENGTH = 4, ALIGNMENT = int4);

-- Types

CREATE TYPE mood AS ENUM ('sad', 'ok', 'Hap"py''s, ö');
COMMENT ON TYPE mood IS 'how it is';
CREATE TYPE "Odd.Näme ""1""".nothing AS ENUM ();
CREATE DOMAIN code AS varchar(10) COLLATE "C" DEFAULT 'none' NOT NULL
    CONSTRAINT code_short CHECK (length(VALUE) < 9);
ALTER DOMAIN code ADD CONSTRAINT "code Upper" CHECK (VALUE = upper(VALUE)) NOT VALID;
COMMENT ON CONSTRAINT code_short ON DOMAIN code IS 'short';
COMMENT ON DOMAIN code IS 'a code';
CREATE DOMAIN free AS integer;
CREATE DOMAIN code_of_code AS code;
CREATE TYPE address AS (street text, "City.Name" text COLLATE "C", zip code, moods mood[]);
COMMENT ON TYPE address IS 'where';
COMMENT ON COLUMN address.street IS 'and number';
CREATE TYPE no_address AS ();
CREATE FUNCTION span_diff(float8, float8) RETURNS float8 LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'float8mi';
CREATE TYPE span AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = span_diff, MULTIRANGE_TYPE_NAME = spans);
CREATE TYPE text_span AS RANGE (SUBTYPE = text, SUBTYPE_OPCLASS = text_pattern_ops, COLLATION = "C");
CREATE TYPE day_span;
CREATE FUNCTION day_span_canonical(day_span) RETURNS day_span LANGUAGE internal IMMUTABLE STRICT AS 'daterange_canonical';
CREATE FUNCTION day_diff(date, date) RETURNS float8 LANGUAGE internal IMMUTABLE STRICT AS 'daterange_subdiff';
CREATE TYPE day_span AS RANGE (SUBTYPE = date, CANONICAL = day_span_canonical, SUBTYPE_DIFF = day_diff);
COMMENT ON TYPE span IS 'from, to';

-- Sequences

CREATE SEQUENCE counter AS integer START 5 INCREMENT 2 MINVALUE 1 MAXVALUE 1000 CACHE 3 CYCLE;
CREATE UNLOGGED SEQUENCE fast;
CREATE SEQUENCE "Odd.Näme ""1""".downwards INCREMENT -1;
GRANT USAGE, SELECT ON SEQUENCE counter TO reader;
COMMENT ON SEQUENCE counter IS 'counts';

-- Functions and procedures

CREATE FUNCTION supported(internal) RETURNS internal LANGUAGE internal IMMUTABLE STRICT AS 'generate_series_int4_support';
CREATE FUNCTION plus(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF COST 5
    SET work_mem = '8MB' SET search_path = app, "Odd.Näme ""1""" AS $$ SELECT a + b $$;
CREATE FUNCTION plus(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION series(n integer, OUT x integer, OUT y text) RETURNS SETOF record LANGUAGE plpgsql STABLE ROWS 7 PARALLEL RESTRICTED SECURITY DEFINER
    AS $$ BEGIN RETURN QUERY SELECT 1, 'x'; END $$;
CREATE FUNCTION numbers(integer, integer) RETURNS SETOF integer LANGUAGE internal IMMUTABLE STRICT SUPPORT supported AS 'generate_series_int4';
CREATE FUNCTION first_row(integer) RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';
CREATE FUNCTION standard(a integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN a * 2;
CREATE FUNCTION standard_block(a integer) RETURNS SETOF integer LANGUAGE sql BEGIN ATOMIC SELECT a; SELECT a + 1; END;
CREATE FUNCTION tabular(VARIADIC a integer[]) RETURNS TABLE (m mood, "N" numeric) LANGUAGE sql AS $$ SELECT 'ok', 1 $$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
CREATE FUNCTION touch2() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE FUNCTION watch2() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE FUNCTION shouted(text) RETURNS text LANGUAGE speech AS $$ BEGIN RETURN upper($1); END $$;
CREATE FUNCTION "Odd.Näme ""1"""."Fn ""q"" 'é'"("Ärg" integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION same_place(point, point) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'point_eq';
COMMENT ON FUNCTION plus(integer, integer) IS 'adds';
REVOKE EXECUTE ON FUNCTION plus(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION plus(integer, integer) TO reader;
ALTER FUNCTION series(integer) DEPENDS ON EXTENSION plpgsql;
CREATE FUNCTION in_library() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION other_handler() RETURNS language_handler LANGUAGE internal AS 'now';
CREATE PROCEDURE work(INOUT a integer, b text DEFAULT 'x') LANGUAGE plpgsql SECURITY DEFINER SET work_mem = '1MB' AS $$ BEGIN a := 1; END $$;
CREATE PROCEDURE work_plain() LANGUAGE sql BEGIN ATOMIC SELECT 1; END;
COMMENT ON PROCEDURE work(integer, text) IS 'works';
GRANT EXECUTE ON PROCEDURE work(integer, text) TO reader;

-- Aggregates

CREATE AGGREGATE total(integer) (SFUNC = int4_sum, STYPE = bigint, SSPACE = 32, FINALFUNC = int8abs, INITCOND = '0',
    COMBINEFUNC = int8pl, MSFUNC = int84pl, MINVFUNC = int84mi, MSTYPE = bigint, MSSPACE = 16, MFINALFUNC = int8abs,
    MINITCOND = '0', PARALLEL = SAFE);
CREATE AGGREGATE mean(numeric) (SFUNC = numeric_avg_accum, STYPE = internal, FINALFUNC = numeric_avg, FINALFUNC_MODIFY = SHAREABLE,
    COMBINEFUNC = numeric_avg_combine, SERIALFUNC = numeric_avg_serialize, DESERIALFUNC = numeric_avg_deserialize);
CREATE AGGREGATE most(integer) (SFUNC = int4larger, STYPE = integer, SORTOP = >);
CREATE AGGREGATE pick(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE AGGREGATE standing(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
COMMENT ON AGGREGATE total(integer) IS 'sums up';
GRANT EXECUTE ON FUNCTION total(integer) TO reader;

-- Operators, their families and classes, casts, transforms, conversions

CREATE OPERATOR === (FUNCTION = int4eq, LEFTARG = integer, RIGHTARG = integer, COMMUTATOR = OPERATOR(app.===), NEGATOR = OPERATOR(app.!==), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR !== (FUNCTION = int4ne, LEFTARG = integer, RIGHTARG = integer, COMMUTATOR = OPERATOR(app.!==), NEGATOR = OPERATOR(app.===), RESTRICT = neqsel, JOIN = neqjoinsel);
CREATE OPERATOR @@@ (FUNCTION = int4abs, RIGHTARG = integer);
CREATE OPERATOR <~> (FUNCTION = same_place, LEFTARG = point, RIGHTARG = point);
COMMENT ON OPERATOR @@@ (NONE, integer) IS 'size';
CREATE OPERATOR FAMILY whole USING btree;
CREATE OPERATOR CLASS whole4 DEFAULT FOR TYPE small_id USING btree FAMILY whole AS STORAGE small_id;
CREATE OPERATOR CLASS whole_int FOR TYPE integer USING btree FAMILY whole AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 ===, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer);
ALTER OPERATOR FAMILY whole USING btree ADD OPERATOR 1 < (integer, bigint), OPERATOR 3 = (integer, bigint), FUNCTION 1 (integer, bigint) btint48cmp(integer, bigint);
CREATE OPERATOR CLASS near FOR TYPE point USING gist AS
    OPERATOR 6 ~= (point, point), OPERATOR 15 <-> (point, point) FOR ORDER BY float_ops,
    FUNCTION 1 gist_point_consistent(internal, point, smallint, oid, internal), FUNCTION 2 gist_box_union(internal, internal),
    FUNCTION 5 gist_box_penalty(internal, internal, internal), FUNCTION 6 gist_box_picksplit(internal, internal),
    FUNCTION 7 gist_box_same(box, box, internal), STORAGE box;
CREATE OPERATOR FAMILY "Odd.Näme ""1""".empty USING hash;
COMMENT ON OPERATOR FAMILY whole USING btree IS 'whole numbers';
COMMENT ON OPERATOR CLASS whole_int USING btree IS 'four bytes';
CREATE CAST (word AS text) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (text AS word) WITH INOUT AS ASSIGNMENT;
CREATE FUNCTION mood_number(mood) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION mood_number2(mood) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 2';
CREATE CAST (mood AS integer) WITH FUNCTION mood_number(mood);
COMMENT ON CAST (mood AS integer) IS 'as a number';
CREATE FUNCTION mood_from(internal) RETURNS internal LANGUAGE internal IMMUTABLE STRICT AS 'int4recv';
CREATE FUNCTION mood_to(internal) RETURNS mood LANGUAGE internal IMMUTABLE STRICT AS 'int4recv';
CREATE TRANSFORM FOR mood LANGUAGE plpgsql (FROM SQL WITH FUNCTION mood_from(internal), TO SQL WITH FUNCTION mood_to(internal));
CREATE FUNCTION transformed(mood) RETURNS mood TRANSFORM FOR TYPE mood LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
COMMENT ON TRANSFORM FOR mood LANGUAGE plpgsql IS 'there and back';
CREATE CONVERSION latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE DEFAULT CONVERSION "Odd.Näme ""1""".latin2 FOR 'LATIN2' TO 'UTF8' FROM iso8859_to_utf8;
COMMENT ON CONVERSION latin IS 'from afar';

-- Tables

CREATE TABLE customer (
    id integer GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 10),
    other_id bigint GENERATED BY DEFAULT AS IDENTITY,
    name text COLLATE "C" NOT NULL,
    "E-mail.ö" varchar(100) DEFAULT 'nobody''s',
    mood mood DEFAULT 'ok',
    born date DEFAULT '2000-01-31',
    credit numeric(10, 2) DEFAULT 0.5,
    tags text[] DEFAULT '{}',
    place point,
    span span,
    note text,
    code code,
    home address,
    token word,
    since interval DEFAULT '1 mon 02:00',
    at timestamptz DEFAULT '2020-01-01 12:00:00+00',
    doubled integer GENERATED ALWAYS AS (2 * 7) STORED,
    CONSTRAINT customer_pkey PRIMARY KEY (id),
    CONSTRAINT customer_name UNIQUE (name, mood) INCLUDE (born) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT customer_mail UNIQUE NULLS NOT DISTINCT ("E-mail.ö"),
    CONSTRAINT "customer ""check""" CHECK (credit > -100 AND name <> ''),
    CONSTRAINT not_inherited CHECK (born > '1900-01-01') NO INHERIT,
    CONSTRAINT customer_place EXCLUDE USING gist (place WITH ~=) WHERE (credit > 0)
) WITH (fillfactor = 80, autovacuum_enabled = false, toast.autovacuum_enabled = false);
COMMENT ON TABLE customer IS E'buys\n"things"';
COMMENT ON COLUMN customer.name IS 'as it is written';
COMMENT ON CONSTRAINT customer_pkey ON customer IS 'the key';
COMMENT ON CONSTRAINT "customer ""check""" ON customer IS 'plausible';
ALTER TABLE customer ALTER note SET STORAGE external, ALTER tags SET COMPRESSION pglz, ALTER name SET STATISTICS 50,
    ALTER name SET (n_distinct = -0.5, n_distinct_inherited = 3);
GRANT SELECT, INSERT ON customer TO reader;
GRANT UPDATE ON customer TO reader WITH GRANT OPTION;
GRANT SELECT (name, note), UPDATE (note) ON customer TO "Web User";
ALTER TABLE customer ADD CONSTRAINT customer_late CHECK (note <> '') NOT VALID;
CREATE INDEX customer_born ON customer (born DESC NULLS LAST, name COLLATE "de-x-icu" text_pattern_ops) INCLUDE (note) WITH (fillfactor = 70) WHERE mood = 'ok';
CREATE UNIQUE INDEX "Customer.lower" ON customer (lower(name), (credit * 2)) NULLS NOT DISTINCT;
ALTER INDEX "Customer.lower" ALTER COLUMN 2 SET STATISTICS 77;
CREATE INDEX customer_tags ON customer USING gin (tags) WITH (fastupdate = off);
CREATE INDEX customer_near ON customer USING gist (place near);
CREATE INDEX customer_block ON customer USING brin (credit numeric_minmax_multi_ops (values_per_range = 16));
COMMENT ON INDEX customer_born IS 'by age';
ALTER TABLE customer CLUSTER ON customer_near;
CREATE UNIQUE INDEX customer_replica ON customer (id, name);
ALTER TABLE customer REPLICA IDENTITY USING INDEX customer_replica;

CREATE TABLE "Odd.Näme ""1"""."T,a""b;l e" ("Col ""1"".ü" serial, "select" integer, "Ünï" bigserial);
CREATE TABLE "Odd.Näme ""1""".abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_123456789 (abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_123456789 integer UNIQUE, "
" text);
CREATE TABLE no_columns ();
CREATE UNLOGGED TABLE cache (k text, v text);
CREATE TABLE piled (a integer) USING pile;
CREATE TABLE typed OF address (street WITH OPTIONS DEFAULT 'unknown' PRIMARY KEY);
CREATE TABLE parent (a integer, b text DEFAULT 'p', CONSTRAINT parent_a CHECK (a > 0));
CREATE TABLE parent2 (c integer);
CREATE TABLE child (d integer) INHERITS (parent, parent2);
CREATE TABLE orders (
    id bigint, customer integer, placed date NOT NULL, state text DEFAULT 'new',
    CONSTRAINT orders_key PRIMARY KEY (id, placed),
    CONSTRAINT orders_customer FOREIGN KEY (customer) REFERENCES customer (id) MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL (customer) DEFERRABLE
) PARTITION BY RANGE (placed);
CREATE TABLE orders_2020 PARTITION OF orders FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE orders_rest PARTITION OF orders (state DEFAULT 'late') DEFAULT;
CREATE TABLE orders_2021 PARTITION OF orders FOR VALUES FROM ('2021-01-01') TO ('2022-01-01') PARTITION BY LIST (placed);
CREATE TABLE orders_2021_new PARTITION OF orders_2021 FOR VALUES IN ('2021-05-05', NULL);
CREATE INDEX orders_state ON orders (state);
CREATE INDEX orders_partial ON ONLY orders (customer);
CREATE TABLE line (order_id bigint, placed date, number integer, what "Odd.Näme ""1""".nothing,
    CONSTRAINT line_order FOREIGN KEY (order_id, placed) REFERENCES orders NOT VALID, UNIQUE (number));
CREATE TABLE hashed (a integer, t text) PARTITION BY HASH (a, lower(t) COLLATE "C" text_pattern_ops);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE full_identity (a integer);
ALTER TABLE full_identity REPLICA IDENTITY FULL;
CREATE TABLE simple (a integer, b text, c integer, CONSTRAINT simple_c CHECK (c > 0));
CREATE TABLE single (a integer);
CREATE TABLE dropped_columns (a integer, gone text, b integer);
ALTER TABLE dropped_columns DROP gone;
ALTER SEQUENCE fast OWNED BY cache.k;
ALTER TABLE cache OWNER TO app_owner;
\if :v17
CREATE TABLE in_access_method (a integer) PARTITION BY LIST (a) USING pile;
\endif
\if :v18
CREATE TABLE virtual (a integer, b integer GENERATED ALWAYS AS (a * 2) VIRTUAL);
CREATE TABLE newer (a integer, c integer CONSTRAINT c_there NOT NULL NO INHERIT, d integer, CONSTRAINT newer_check CHECK (a > 0) NOT ENFORCED);
ALTER TABLE newer ADD CONSTRAINT d_there NOT NULL d NOT VALID;
COMMENT ON CONSTRAINT c_there ON newer IS 'always there';
CREATE TABLE newer_parent (e integer CONSTRAINT e_there NOT NULL);
CREATE TABLE newer_child (CONSTRAINT e_here NOT NULL e) INHERITS (newer_parent);
CREATE TABLE room (n int4range, valid tstzrange, CONSTRAINT room_key PRIMARY KEY (n, valid WITHOUT OVERLAPS));
CREATE TABLE booking (n int4range, valid tstzrange, FOREIGN KEY (n, PERIOD valid) REFERENCES room (n, PERIOD valid));
\endif

-- Foreign data

CREATE FUNCTION far_handler() RETURNS fdw_handler LANGUAGE internal AS 'now';
CREATE FUNCTION far_check(text[], oid) RETURNS void LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION far_check2(text[], oid) RETURNS void LANGUAGE plpgsql AS 'BEGIN END';
CREATE FOREIGN DATA WRAPPER far VALIDATOR far_check OPTIONS (debug 'true', "Odd key" 'Odd ''value''');
CREATE FOREIGN DATA WRAPPER farther HANDLER far_handler;
CREATE SERVER there TYPE 'cloud' VERSION '1.0' FOREIGN DATA WRAPPER far OPTIONS (host 'h', port '1');
CREATE SERVER "There.2" FOREIGN DATA WRAPPER farther;
CREATE USER MAPPING FOR PUBLIC SERVER there OPTIONS (password 'secret');
CREATE USER MAPPING FOR "Web User" SERVER there;
GRANT USAGE ON FOREIGN DATA WRAPPER far TO reader;
GRANT USAGE ON FOREIGN SERVER there TO reader WITH GRANT OPTION;
COMMENT ON FOREIGN DATA WRAPPER far IS 'far away';
COMMENT ON SERVER there IS 'over there';
CREATE FOREIGN TABLE distant (a integer OPTIONS (column_name 'A', key 'true') NOT NULL, b text DEFAULT 'b', CONSTRAINT distant_a CHECK (a > 0)) SERVER there OPTIONS (file 'f', "Delim" ',');
CREATE FOREIGN TABLE hashed_far PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1) SERVER there;
CREATE FOREIGN TABLE distant_child () INHERITS (parent) SERVER there;
COMMENT ON FOREIGN TABLE distant IS 'not here';
COMMENT ON COLUMN distant.a IS 'a, there';
GRANT SELECT ON distant TO reader;

-- Views

CREATE VIEW rich WITH (security_barrier, check_option = local) AS SELECT id, name AS who, credit FROM customer WHERE credit > 100 AND mood IN ('ok', 'sad');
CREATE VIEW "Rich.2" AS SELECT who, plus(id) AS next, count(*) OVER (PARTITION BY who ORDER BY id) FROM rich ORDER BY 1 LIMIT 10;
ALTER VIEW "Rich.2" RENAME COLUMN who TO "Who is ""it""";
CREATE RECURSIVE VIEW tree (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM tree WHERE n < 10;
CREATE VIEW joined AS SELECT * FROM orders o JOIN line l USING (placed) LEFT JOIN LATERAL (SELECT c.name FROM customer c WHERE c.id = o.customer) n ON true
    WHERE EXISTS (SELECT FROM parent WHERE a = o.id) AND NOT (o.customer === 5) AND o.placed BETWEEN '2020-01-01' AND now();
CREATE VIEW one_table AS SELECT customer.* FROM customer;
ALTER VIEW rich ALTER COLUMN who SET DEFAULT 'someone';
COMMENT ON VIEW rich IS 'who has money';
COMMENT ON COLUMN rich.who IS 'the name';
GRANT SELECT ON rich TO reader;
GRANT INSERT (who) ON rich TO "Web User";
CREATE MATERIALIZED VIEW summary WITH (fillfactor = 60, toast.autovacuum_enabled = off) AS
    SELECT mood, sum(credit) AS credit, array_agg(name ORDER BY name) FILTER (WHERE born IS NOT NULL) AS names FROM customer GROUP BY ROLLUP (mood) WITH NO DATA;
CREATE UNIQUE INDEX summary_mood ON summary (mood);
ALTER MATERIALIZED VIEW summary ALTER credit SET STATISTICS 5, ALTER names SET STORAGE external;
COMMENT ON MATERIALIZED VIEW summary IS 'sums';
GRANT SELECT ON summary TO reader;

-- Triggers, rules, policies, statistics

CREATE TRIGGER customer_touch BEFORE INSERT OR UPDATE OF name, note ON customer FOR EACH ROW WHEN (new.credit > 0) EXECUTE FUNCTION touch('a', 'b''c');
CREATE CONSTRAINT TRIGGER customer_later AFTER DELETE ON customer DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER orders_touch AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER rows_touch AFTER UPDATE ON line REFERENCING OLD TABLE AS was NEW TABLE AS "Is" FOR EACH STATEMENT EXECUTE FUNCTION touch();
CREATE TRIGGER rich_touch INSTEAD OF INSERT ON rich FOR EACH ROW EXECUTE FUNCTION touch();
COMMENT ON TRIGGER customer_touch ON customer IS 'touches';
ALTER TABLE customer ENABLE REPLICA TRIGGER customer_later;
CREATE RULE customer_rule AS ON DELETE TO customer WHERE old.credit > 1000 DO INSTEAD NOTHING;
CREATE RULE line_rule AS ON UPDATE TO line DO ALSO (INSERT INTO no_columns DEFAULT VALUES; NOTIFY changed);
COMMENT ON RULE customer_rule ON customer IS 'not the rich';
ALTER TABLE line DISABLE RULE line_rule;
ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
ALTER TABLE line FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON customer FOR UPDATE TO reader, "Web User" USING (name = current_user) WITH CHECK (credit < 5);
CREATE POLICY "All.of" ON line AS RESTRICTIVE USING (true);
COMMENT ON POLICY own ON customer IS 'their own';
CREATE STATISTICS customer_stat (ndistinct, dependencies) ON name, born, (credit * 2) FROM customer;
CREATE STATISTICS "Odd.Näme ""1""".expr ON (lower(name)) FROM customer;
ALTER STATISTICS customer_stat SET STATISTICS 33;
COMMENT ON STATISTICS customer_stat IS 'related';

-- Text search

CREATE TEXT SEARCH PARSER split (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
CREATE TEXT SEARCH TEMPLATE lower_case (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY words (TEMPLATE = lower_case, STOPWORDS = english, "accept" = false);
CREATE TEXT SEARCH CONFIGURATION tongue (PARSER = split);
ALTER TEXT SEARCH CONFIGURATION tongue ADD MAPPING FOR asciiword, word WITH words, simple;
COMMENT ON TEXT SEARCH PARSER split IS 'splits';
COMMENT ON TEXT SEARCH TEMPLATE lower_case IS 'lowers';
COMMENT ON TEXT SEARCH DICTIONARY words IS 'knows';
COMMENT ON TEXT SEARCH CONFIGURATION tongue IS 'speaks';

-- Replication

CREATE PUBLICATION part FOR TABLE customer (id, name, credit) WHERE (credit > 0), TABLE no_columns WITH (publish = 'insert, update', publish_via_partition_root = true);
CREATE PUBLICATION schemas FOR TABLES IN SCHEMA app2, TABLE line;
CREATE PUBLICATION "Every.thing" FOR ALL TABLES;
COMMENT ON PUBLICATION part IS 'some of it';
\if :v18
CREATE PUBLICATION generated FOR TABLE customer WITH (publish_generated_columns = stored);
\endif
\if :v19
CREATE PUBLICATION all_sequences FOR ALL SEQUENCES;
CREATE PUBLICATION all_but FOR ALL TABLES EXCEPT (TABLE customer);
\endif
CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere password=secret' PUBLICATION remote, "Remote.2" WITH (connect = false, slot_name = NONE, binary, streaming = on, two_phase, disable_on_error, synchronous_commit = local);
CREATE SUBSCRIPTION sub2 CONNECTION 'host=nowhere' PUBLICATION remote WITH (connect = false, slot_name = 'the_slot', streaming = off);
COMMENT ON SUBSCRIPTION sub IS 'from there';

-- Event triggers

CREATE EVENT TRIGGER watcher ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION watch();
CREATE EVENT TRIGGER "Watch.all" ON sql_drop EXECUTE FUNCTION watch();
ALTER EVENT TRIGGER "Watch.all" ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER watcher IS 'watches';

-- Rights that objects will have, and rights on the system's

ALTER DEFAULT PRIVILEGES FOR ROLE app_owner GRANT SELECT ON TABLES TO reader;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA "Odd.Näme ""1""" GRANT EXECUTE ON FUNCTIONS TO reader WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner REVOKE USAGE ON TYPES FROM PUBLIC;
GRANT CREATE ON SCHEMA pg_catalog TO app_owner;
GRANT SELECT ON pg_authid TO reader;
GRANT SELECT (subconninfo) ON pg_subscription TO reader;
REVOKE EXECUTE ON FUNCTION pg_sleep(float8) FROM PUBLIC;
REVOKE USAGE ON TYPE point FROM PUBLIC;
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
GRANT USAGE ON LANGUAGE plpgsql TO reader;

-- Owners

ALTER TYPE mood OWNER TO app_owner;
ALTER FUNCTION plus(integer, integer) OWNER TO app_owner;
ALTER PROCEDURE work(integer, text) OWNER TO app_owner;
ALTER TABLE parent OWNER TO app_owner;
ALTER VIEW rich OWNER TO app_owner;

-- Extensions

\if :contrib
CREATE EXTENSION citext SCHEMA app VERSION '1.4';
CREATE EXTENSION postgres_fdw SCHEMA app2;
CREATE EXTENSION "uuid-ossp" SCHEMA app2;
CREATE TABLE with_citext (a citext PRIMARY KEY);
CREATE INDEX with_citext_a ON with_citext (a);
ALTER INDEX with_citext_a DEPENDS ON EXTENSION citext;
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO reader;
\if :v19
CREATE SERVER publisher FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere');
CREATE SERVER publisher2 FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere');
CREATE USER MAPPING FOR PUBLIC SERVER publisher OPTIONS (user 'u', password 'secret');
CREATE USER MAPPING FOR PUBLIC SERVER publisher2 OPTIONS (user 'u', password 'secret');
CREATE SUBSCRIPTION sub3 SERVER publisher PUBLICATION remote WITH (connect = false, slot_name = NONE);
\endif
\endif
