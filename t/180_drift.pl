# Drift: what is changed by hand in a migrated database is found and named by
# pgmig_check(), with who, when and how where the guard could see it.
#
# The reference history, and a revision with the kinds of objects that it does
# not have, are applied.  Each change is made, found, and undone or accepted;
# nothing is found in between.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run;
use PgmigSession;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

$ENV{PGTZ}        = 'UTC';
$ENV{PGDATESTYLE} = 'ISO';

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf(
	'postgresql.conf', q{
fsync = off
log_statement = none
wal_level = logical
client_min_messages = warning
});
$node->start;

my $db      = 'drift';
my $version = $node->pg_version->major;

# --- What there is ----------------------------------------------------------

my $extras = <<'EOS';
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('bad', 'good');
CREATE TYPE app.pair AS (a int, b text);
CREATE TYPE app.span AS RANGE (subtype = int);
CREATE DOMAIN app.percent AS int CHECK (VALUE >= 0);
CREATE COLLATION app.plain (provider = libc, locale = 'C');
CREATE FUNCTION app.area(w int, h int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT w * h';
CREATE FUNCTION app.area(w text) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE app.tidy(boolean) LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION app.seen() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION app.noticed() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION app.same(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT $1 = $2';
CREATE FUNCTION app.pair_text(app.pair) RETURNS text LANGUAGE sql AS 'SELECT ''''';
CREATE AGGREGATE app.total(int) (sfunc = int4pl, stype = int);
CREATE OPERATOR app.=== (leftarg = int, rightarg = int, function = app.same);
CREATE OPERATOR CLASS app.ops FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int);
CREATE CAST (app.pair AS text) WITH FUNCTION app.pair_text(app.pair);
CREATE SEQUENCE app.ticket;
CREATE TABLE app.item (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL DEFAULT 'none',
    weight numeric(8, 2),
    parent int CONSTRAINT item_parent REFERENCES app.item DEFERRABLE,
    twice int GENERATED ALWAYS AS (parent * 2) STORED,
    CONSTRAINT light CHECK (weight < 100));
CREATE INDEX item_name ON app.item (name);
CREATE TABLE app."Odd ""name""; ü" ("Cölumn" text);
CREATE TABLE app.plain_table (a int, b int);
CREATE TABLE app.other_table (a int, b int);
CREATE TRIGGER seen BEFORE UPDATE ON app.item FOR EACH ROW EXECUTE FUNCTION app.seen();
CREATE RULE quiet AS ON DELETE TO app.plain_table DO INSTEAD NOTHING;
CREATE POLICY own ON app.item USING (name = current_user);
CREATE STATISTICS app.related (dependencies) ON a, b FROM app.plain_table;
CREATE VIEW app.names AS SELECT name FROM app.item;
CREATE MATERIALIZED VIEW app.counted AS SELECT count(*) FROM app.plain_table;
CREATE TEXT SEARCH CONFIGURATION app.words (COPY = simple);
CREATE TEXT SEARCH DICTIONARY app.dict (TEMPLATE = simple);
CREATE FOREIGN DATA WRAPPER elsewhere;
CREATE SERVER far FOREIGN DATA WRAPPER elsewhere;
CREATE USER MAPPING FOR reader SERVER far;
CREATE FOREIGN TABLE app.remote (a int) SERVER far;
CREATE PUBLICATION news FOR TABLE app.item;
CREATE EVENT TRIGGER noticed ON ddl_command_end EXECUTE FUNCTION app.noticed();
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO reader;
GRANT SELECT ON app.item TO reader;
COMMENT ON TABLE app.item IS 'things';
COMMENT ON COLUMN app.item.name IS 'what it is called';
EOS

# --- Changes ----------------------------------------------------------------

# Each: a statement (or several, from one client), what undoes them (undef:
# they are accepted), and the findings: "added", "removed", "changed", then kind
# and identity, and of a changed one the property and both values.  After "#":
# the command tag that the guard has recorded for it, none if it cannot see it.
my @changes = (
	[
		'ALTER TABLE cameras ADD COLUMN note text',
		'ALTER TABLE cameras DROP COLUMN note',
		'added column public.cameras.note # ALTER TABLE'
	],
	[
		'ALTER TABLE events ADD COLUMN note text',
		'ALTER TABLE events DROP COLUMN note',
		'added column public.events.note # ALTER TABLE'
	],
	[
		'ALTER TABLE zones DROP COLUMN color',
		undef,
		'removed column public.zones.color # ALTER TABLE',
		'removed constraint ck_zones_color_hex on public.zones # ALTER TABLE'
	],
	[
		'ALTER TABLE app.plain_table DROP COLUMN a CASCADE; ALTER TABLE app.plain_table ADD COLUMN a int',
		undef,
		'changed table app.plain_table columns: a, b -> b, a # ALTER TABLE = ALTER TABLE app.plain_table ADD COLUMN a int',
		'removed statistics app.related'
	],
	[
		'ALTER TABLE app.item ALTER COLUMN weight TYPE numeric(9, 2)',
		undef,
		'changed column app.item.weight type: numeric(8,2) -> numeric(9,2) # ALTER TABLE'
	],
	[
		'ALTER TABLE events ALTER COLUMN summary TYPE varchar(999)',
		'ALTER TABLE events ALTER COLUMN summary TYPE text',
		'changed column public.events.summary type: text -> character varying(999) # ALTER TABLE'
	],
	[
		q{ALTER TABLE app.item ALTER COLUMN name SET DEFAULT 'some'},
		q{ALTER TABLE app.item ALTER COLUMN name SET DEFAULT 'none'},
		q{changed column app.item.name default: 'none'::text -> 'some'::text # ALTER TABLE}
	],
	[
		'ALTER TABLE app.item ALTER COLUMN name DROP NOT NULL',
		'ALTER TABLE app.item ALTER COLUMN name SET NOT NULL',
		'changed column app.item.name not_null: true -> - # ALTER TABLE'
	],
	[
		'ALTER TABLE app.item ALTER COLUMN name SET STORAGE EXTERNAL',
		'ALTER TABLE app.item ALTER COLUMN name SET STORAGE EXTENDED',
		'changed column app.item.name storage: - -> external # ALTER TABLE'
	],
	[
		'ALTER TABLE app.item ALTER COLUMN name SET STATISTICS 50',
		'ALTER TABLE app.item ALTER COLUMN name SET STATISTICS -1',
		'changed column app.item.name statistics: - -> 50 # ALTER TABLE'
	],
	[
		'ALTER TABLE app.item ALTER COLUMN id SET INCREMENT BY 10',
		'ALTER TABLE app.item ALTER COLUMN id SET INCREMENT BY 1',
		'changed sequence app.item_id_seq increment: 1 -> 10 # ALTER SEQUENCE'
	],
	[
		'ALTER TABLE app.item RENAME COLUMN weight TO mass',
		'ALTER TABLE app.item RENAME COLUMN mass TO weight',
		'added column app.item.mass # ALTER TABLE',
		'removed column app.item.weight # ALTER TABLE',
		'changed constraint light on app.item columns: weight -> mass # ALTER TABLE',
		'changed constraint light on app.item definition: CHECK ((weight < (100)::numeric)) -> CHECK ((mass < (100)::numeric)) # ALTER TABLE'
	],
	[
		'ALTER TABLE app.item DROP CONSTRAINT light',
		'ALTER TABLE app.item ADD CONSTRAINT light CHECK (weight < 100)',
		'removed constraint light on app.item # ALTER TABLE'
	],
	[
		'ALTER TABLE detections ADD CONSTRAINT by_hand CHECK (id > 0) NOT VALID',
		'ALTER TABLE detections DROP CONSTRAINT by_hand',
		'added constraint by_hand on public.detections # ALTER TABLE'
	],
	[
		'ALTER TABLE app.item ALTER CONSTRAINT item_parent DEFERRABLE INITIALLY DEFERRED',
		'ALTER TABLE app.item ALTER CONSTRAINT item_parent DEFERRABLE INITIALLY IMMEDIATE',
		'changed constraint item_parent on app.item definition: FOREIGN KEY (parent) REFERENCES app.item(id) DEFERRABLE -> FOREIGN KEY (parent) REFERENCES app.item(id) DEFERRABLE INITIALLY DEFERRED # ALTER TABLE'
	],
	[
		'CREATE TABLE by_hand (id serial PRIMARY KEY, note text UNIQUE)',
		'DROP TABLE by_hand',
		'added table public.by_hand # CREATE TABLE'
	],
	[
		'DROP TABLE zones',
		undef,
		'removed table public.zones # DROP TABLE'
	],
	[
		'ALTER TABLE scene_changes RENAME TO changes_of_scene',
		'ALTER TABLE changes_of_scene RENAME TO scene_changes',
		'added table public.changes_of_scene # ALTER TABLE',
		'removed table public.scene_changes # ALTER TABLE'
	],
	[
		'ALTER TABLE app.plain_table SET (fillfactor = 70)',
		'ALTER TABLE app.plain_table RESET (fillfactor)',
		'changed table app.plain_table options.fillfactor: - -> 70 # ALTER TABLE'
	],
	[
		'ALTER TABLE app.plain_table SET UNLOGGED',
		'ALTER TABLE app.plain_table SET LOGGED',
		'changed table app.plain_table unlogged: - -> true # ALTER TABLE'
	],
	[
		'ALTER TABLE app.plain_table REPLICA IDENTITY FULL',
		'ALTER TABLE app.plain_table REPLICA IDENTITY DEFAULT',
		'changed table app.plain_table replica_identity: - -> full # ALTER TABLE'
	],
	[
		'ALTER TABLE app.plain_table ENABLE ROW LEVEL SECURITY',
		'ALTER TABLE app.plain_table DISABLE ROW LEVEL SECURITY',
		'changed table app.plain_table row_security: - -> true # ALTER TABLE'
	],
	[
		'ALTER TABLE gpu_stats OWNER TO reader',
		'ALTER TABLE gpu_stats OWNER TO :owner',
		'changed table public.gpu_stats owner: :owner -> reader # ALTER TABLE'
	],
	[
		'ALTER TABLE logs DETACH PARTITION logs_y2026m01',
		undef,
		'changed table public.logs_y2026m01 partition_of: public.logs -> - # ALTER TABLE',
		'removed trigger logs_search_vector_trigger on public.logs_y2026m01'
	],
	[
		'CREATE INDEX by_hand ON alerts (id, created_at)',
		'DROP INDEX by_hand',
		'added index public.by_hand # CREATE INDEX'
	],
	[
		'CREATE INDEX by_hand ON logs (id)',
		'DROP INDEX by_hand',
		'added index public.by_hand # CREATE INDEX'
	],
	[
		'DROP INDEX app.item_name',
		'CREATE INDEX item_name ON app.item (name)',
		'removed index app.item_name # DROP INDEX'
	],
	[
		'ALTER INDEX app.item_name SET (fillfactor = 50)',
		'ALTER INDEX app.item_name RESET (fillfactor)',
		q{changed index app.item_name definition: CREATE INDEX item_name ON app.item USING btree (name) -> CREATE INDEX item_name ON app.item USING btree (name) WITH (fillfactor='50') # ALTER INDEX}
	],
	[
		q{UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_cameras_deleted_at'::regclass},
		'REINDEX INDEX ix_cameras_deleted_at',
		'changed index public.ix_cameras_deleted_at invalid: - -> true'
	],
	[
		'ALTER TABLE app.item DISABLE TRIGGER seen',
		'ALTER TABLE app.item ENABLE TRIGGER seen',
		'changed trigger seen on app.item enabled: - -> disabled # ALTER TABLE'
	],
	[
		'CREATE TRIGGER by_hand AFTER DELETE ON cameras FOR EACH STATEMENT EXECUTE FUNCTION app.seen()',
		'DROP TRIGGER by_hand ON cameras',
		'added trigger by_hand on public.cameras # CREATE TRIGGER'
	],
	[
		'ALTER TABLE app.plain_table DISABLE RULE quiet',
		'ALTER TABLE app.plain_table ENABLE RULE quiet',
		'changed rule quiet on app.plain_table enabled: - -> disabled # ALTER TABLE'
	],
	[
		'ALTER POLICY own ON app.item USING (true)',
		'ALTER POLICY own ON app.item USING (name = current_user)',
		'changed policy own on app.item using: (name = CURRENT_USER) -> true # ALTER POLICY'
	],
	[
		'CREATE STATISTICS app.by_hand ON a, b FROM app.other_table',
		'DROP STATISTICS app.by_hand',
		'added statistics app.by_hand # CREATE STATISTICS'
	],
	[
		q{CREATE OR REPLACE FUNCTION app.area(w int, h int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT w + h'},
		q{CREATE OR REPLACE FUNCTION app.area(w int, h int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT w * h'},
		'changed function app.area(integer, integer) body: SELECT w * h -> SELECT w + h # CREATE FUNCTION'
	],
	[
		'ALTER FUNCTION app.area(text) IMMUTABLE',
		'ALTER FUNCTION app.area(text) VOLATILE',
		'changed function app.area(text) volatility: volatile -> immutable # ALTER FUNCTION'
	],
	[
		q{ALTER FUNCTION app.seen() SECURITY DEFINER SET search_path = ''},
		'ALTER FUNCTION app.seen() SECURITY INVOKER RESET search_path',
		'changed function app.seen() security_definer: - -> true # ALTER FUNCTION',
		'changed function app.seen() settings.search_path: - -> "" # ALTER FUNCTION'
	],
	[
		'DROP PROCEDURE app.tidy',
		undef,
		'removed procedure app.tidy(boolean) # DROP PROCEDURE'
	],
	[
		'ALTER AGGREGATE app.total(int) RENAME TO whole',
		'ALTER AGGREGATE app.whole(int) RENAME TO total',
		'removed aggregate app.total(integer) # ALTER AGGREGATE',
		'added aggregate app.whole(integer) # ALTER AGGREGATE'
	],
	[
		'DROP OPERATOR app.=== (int, int)',
		'CREATE OPERATOR app.=== (leftarg = int, rightarg = int, function = app.same)',
		'removed operator app.===(integer, integer) # DROP OPERATOR'
	],
	[
		'ALTER OPERATOR FAMILY app.ops USING hash ADD FUNCTION 2 (int, int) hashint4extended(int, bigint)',
		'ALTER OPERATOR FAMILY app.ops USING hash DROP FUNCTION 2 (int, int)',
		'changed operator family app.ops USING hash members.function 2 (integer, integer): - -> hashint4extended(integer,bigint) # ALTER OPERATOR FAMILY'
	],
	[
		'DROP CAST (app.pair AS text)',
		undef,
		'removed cast (app.pair AS text) # DROP CAST'
	],
	[
		q{ALTER TYPE app.mood ADD VALUE 'fair' AFTER 'bad'},
		undef,
		'changed enum app.mood labels: bad, good -> bad, fair, good # ALTER TYPE'
	],
	[
		q{ALTER TYPE app.mood RENAME VALUE 'good' TO 'great'},
		q{ALTER TYPE app.mood RENAME VALUE 'great' TO 'good'},
		'changed enum app.mood labels: bad, fair, good -> bad, fair, great # ALTER TYPE'
	],
	[
		'ALTER TYPE app.pair ADD ATTRIBUTE c int',
		'ALTER TYPE app.pair DROP ATTRIBUTE c',
		'added column app.pair.c # ALTER TYPE'
	],
	[
		'ALTER DOMAIN app.percent ADD CONSTRAINT most CHECK (VALUE <= 100)',
		'ALTER DOMAIN app.percent DROP CONSTRAINT most',
		'added domain constraint most on app.percent # ALTER DOMAIN'
	],
	[
		'ALTER DOMAIN app.percent SET DEFAULT 5',
		'ALTER DOMAIN app.percent DROP DEFAULT',
		'changed domain app.percent default: - -> 5 # ALTER DOMAIN'
	],
	[
		'DROP TYPE app.span',
		'CREATE TYPE app.span AS RANGE (subtype = int)',
		'removed range type app.span # DROP TYPE'
	],
	[
		'DROP COLLATION app.plain',
		undef,
		'removed collation app.plain # DROP COLLATION'
	],
	[
		'ALTER SEQUENCE app.ticket MAXVALUE 1000 CYCLE',
		'ALTER SEQUENCE app.ticket NO MAXVALUE NO CYCLE',
		'changed sequence app.ticket cycle: - -> true # ALTER SEQUENCE',
		'changed sequence app.ticket maximum: 9223372036854775807 -> 1000 # ALTER SEQUENCE'
	],
	[
		'CREATE OR REPLACE VIEW app.names AS SELECT name FROM app.item WHERE id > 0',
		'CREATE OR REPLACE VIEW app.names AS SELECT name FROM app.item',
		'changed view app.names definition: SELECT name FROM app.item -> SELECT name FROM app.item WHERE (id > 0) # CREATE VIEW'
	],
	[
		'ALTER VIEW app.names SET (security_barrier)',
		'ALTER VIEW app.names RESET (security_barrier)',
		'changed view app.names options.security_barrier: - -> true # ALTER VIEW'
	],
	[
		'DROP MATERIALIZED VIEW app.counted',
		undef,
		'removed materialized view app.counted # DROP MATERIALIZED VIEW'
	],
	[
		'ALTER TEXT SEARCH CONFIGURATION app.words DROP MAPPING FOR email',
		'ALTER TEXT SEARCH CONFIGURATION app.words ADD MAPPING FOR email WITH simple',
		'changed text search configuration app.words mapping.email: simple -> - # ALTER TEXT SEARCH CONFIGURATION'
	],
	[
		'ALTER TEXT SEARCH DICTIONARY app.dict (accept = false)',
		'ALTER TEXT SEARCH DICTIONARY app.dict (accept)',
		'changed text search dictionary app.dict options.accept: - -> false # ALTER TEXT SEARCH DICTIONARY'
	],
	[
		q{ALTER SERVER far VERSION '2'},
		undef,
		'changed server far version: - -> 2 # ALTER SERVER -'
	],
	[
		'DROP USER MAPPING FOR reader SERVER far',
		'CREATE USER MAPPING FOR reader SERVER far',
		'removed user mapping reader on far # DROP USER MAPPING'
	],
	[
		q{ALTER FOREIGN TABLE app.remote OPTIONS (ADD place 'there')},
		'ALTER FOREIGN TABLE app.remote OPTIONS (DROP place)',
		'changed foreign table app.remote options.place: - -> there # ALTER FOREIGN TABLE'
	],
	[
		'ALTER PUBLICATION news ADD TABLE app.plain_table',
		'ALTER PUBLICATION news DROP TABLE app.plain_table',
		'changed publication news tables.app.plain_table: - -> all # ALTER PUBLICATION'
	],
	[
		q{ALTER PUBLICATION news SET (publish = 'insert')},
		q{ALTER PUBLICATION news SET (publish = 'insert, update, delete, truncate')},
		'changed publication news publish: insert, update, delete, truncate -> insert # ALTER PUBLICATION'
	],
	[
		q{CREATE SUBSCRIPTION by_hand CONNECTION 'dbname=none' PUBLICATION news WITH (connect = false, slot_name = NONE)},
		'DROP SUBSCRIPTION by_hand',
		'added subscription by_hand # CREATE SUBSCRIPTION -'
	],
	[
		'CREATE EXTENSION citext',
		'DROP EXTENSION citext',
		'added extension citext # CREATE EXTENSION'
	],
	[
		q{UPDATE pg_extension SET extversion = '1.5' WHERE extname = 'pg_trgm'},
		q{UPDATE pg_extension SET extversion = '1.6' WHERE extname = 'pg_trgm'},
		'changed extension pg_trgm version: 1.6 -> 1.5'
	],
	[
		'CREATE SCHEMA by_hand',
		'DROP SCHEMA by_hand',
		'added schema by_hand # CREATE SCHEMA'
	],
	[
		'CREATE SCHEMA by_hand CREATE TABLE t (a int)',
		'DROP SCHEMA by_hand CASCADE',
		'added schema by_hand # CREATE SCHEMA',
		'added table by_hand.t # CREATE TABLE'
	],
	[
		'GRANT UPDATE, SELECT ON cameras TO reader',
		'REVOKE UPDATE, SELECT ON cameras FROM reader',
		'changed table public.cameras grants.reader: - -> SELECT, UPDATE # GRANT'
	],
	[
		'REVOKE SELECT ON app.item FROM reader',
		'GRANT SELECT ON app.item TO reader',
		'changed table app.item grants.reader: SELECT -> - # REVOKE'
	],
	[
		'GRANT SELECT (name) ON app.item TO reader',
		'REVOKE SELECT (name) ON app.item FROM reader',
		'changed column app.item.name grants.reader: - -> SELECT # GRANT'
	],
	[
		'GRANT USAGE ON SCHEMA app TO reader WITH GRANT OPTION',
		'REVOKE USAGE ON SCHEMA app FROM reader',
		'changed schema app grants.reader: - -> USAGE* # GRANT'
	],
	[
		'REVOKE EXECUTE ON FUNCTION app.area(text) FROM public',
		'GRANT EXECUTE ON FUNCTION app.area(text) TO public',
		'changed function app.area(text) grants.public: - -> none # REVOKE'
	],
	[
		'REVOKE USAGE ON TYPE app.mood FROM public',
		'GRANT USAGE ON TYPE app.mood TO public',
		'changed enum app.mood grants.public: - -> none # REVOKE'
	],
	[
		'GRANT USAGE ON SEQUENCE app.ticket TO reader',
		'REVOKE USAGE ON SEQUENCE app.ticket FROM reader',
		'changed sequence app.ticket grants.reader: - -> USAGE # GRANT'
	],
	[
		'ALTER DEFAULT PRIVILEGES FOR ROLE other IN SCHEMA app GRANT INSERT ON TABLES TO reader',
		'ALTER DEFAULT PRIVILEGES FOR ROLE other IN SCHEMA app REVOKE INSERT ON TABLES FROM reader',
		'added default privileges for role other in schema app on tables # ALTER DEFAULT PRIVILEGES'
	],
	[
		'ALTER DEFAULT PRIVILEGES FOR ROLE reader REVOKE EXECUTE ON FUNCTIONS FROM public',
		'ALTER DEFAULT PRIVILEGES FOR ROLE reader GRANT EXECUTE ON FUNCTIONS TO public',
		'added default privileges for role reader on functions # ALTER DEFAULT PRIVILEGES'
	],
	[
		q{COMMENT ON TABLE app.item IS 'stuff'},
		q{COMMENT ON TABLE app.item IS 'things'},
		'changed table app.item comment: things -> stuff # COMMENT'
	],
	[
		'COMMENT ON COLUMN app.item.name IS NULL',
		q{COMMENT ON COLUMN app.item.name IS 'what it is called'},
		'changed column app.item.name comment: what it is called -> - # COMMENT'
	],
	[
		q{COMMENT ON FUNCTION app.area(int, int) IS 'of what?'},
		'COMMENT ON FUNCTION app.area(int, int) IS NULL',
		'changed function app.area(integer, integer) comment: - -> of what? # COMMENT'
	],
	[
		q{COMMENT ON SCHEMA public IS 'ours'},
		q{COMMENT ON SCHEMA public IS 'standard public schema'},
		'changed schema public comment: - -> ours # COMMENT'
	],
	[
		q{ALTER TABLE app."Odd ""name""; ü" RENAME COLUMN "Cölumn" TO "CÖLUMN"},
		q{ALTER TABLE app."Odd ""name""; ü" RENAME COLUMN "CÖLUMN" TO "Cölumn"},
		'added column app."Odd ""name""; ü"."CÖLUMN" # ALTER TABLE',
		'removed column app."Odd ""name""; ü"."Cölumn" # ALTER TABLE'
	],

	# From within.
	[
		q{DO 'BEGIN ALTER TABLE app.plain_table ADD COLUMN c int; END'},
		'ALTER TABLE app.plain_table DROP COLUMN c',
		'added column app.plain_table.c # ALTER TABLE'
	],

	# What the guard does not see.
	[
		'ALTER EVENT TRIGGER noticed DISABLE',
		'ALTER EVENT TRIGGER noticed ENABLE',
		'changed event trigger noticed enabled: - -> disabled'
	],
	[
		'DROP EVENT TRIGGER noticed',
		undef,
		'removed event trigger noticed'
	],
	[
		q{UPDATE pg_proc SET proisstrict = true WHERE oid = 'app.same(int, int)'::regprocedure},
		q{UPDATE pg_proc SET proisstrict = false WHERE oid = 'app.same(int, int)'::regprocedure},
		'changed function app.same(integer, integer) strict: - -> true'
	],
	[
		q{UPDATE pg_attribute SET attnotnull = false WHERE attrelid = 'api_keys'::regclass AND attname = 'name'},
		q{UPDATE pg_attribute SET attnotnull = true WHERE attrelid = 'api_keys'::regclass AND attname = 'name'},
		'changed column public.api_keys.name not_null: true -> -'
	],
	[
		'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) CREATE TABLE by_explain AS SELECT 1 AS a',
		'DROP TABLE by_explain',
		'added table public.by_explain'
	],
	[
		'REASSIGN OWNED BY other TO reader',
		undef,
		'changed aggregate app.total(integer) owner: other -> reader'
	],
);

# --- Running them -----------------------------------------------------------

my ($owner) = getpwuid($<);
my @clients = ([ 'ann', 'psql of ann' ], [ 'bob', 'bob; "tool"' ]);

# One line a finding, as above.
my $findings = <<'EOS';
SELECT concat_ws(' ', CASE WHEN "check" <> 'drift' THEN 'not drift' END,
                 CASE WHEN expected = 'not there' THEN 'added' WHEN found = 'not there' THEN 'removed' ELSE 'changed' END,
                 kind, identity,
                 regexp_replace(property || ': ' || coalesce(expected, '-') || ' -> ' || coalesce(found, '-'), '\s+', ' ', 'g'),
                 '# ' || regexp_replace(changed_by, '20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\+00', '<time>'))
FROM pgmig_check()
EOS

# The session that looks: the first reading of a session takes longer.
my $watch;

sub findings
{
	return must($watch, $findings);
}

# Make a change; returns what the statement is recorded as, after the tag.
sub change
{
	my ($client, $sql) = @_;
	my ($role, $application) = @$client;
	local $ENV{PGAPPNAME} = $application;

	$node->safe_psql($db, $sql, extra_params => [ '-U', $role ]);
	return " by $role with $application at <time>";
}

$node->safe_psql('postgres', <<EOS);
CREATE ROLE ann SUPERUSER LOGIN;
CREATE ROLE bob SUPERUSER LOGIN;
CREATE ROLE reader;
CREATE ROLE other;
CREATE DATABASE $db;
EOS
$node->safe_psql($db, <<EOS);
CREATE EXTENSION pgmig;
SELECT count(*) FROM pgmig_load('migrations');
SELECT count(*) FROM pgmig_revision('Other kinds', rev_id => 'other_kinds', upgrade => \$extras\$$extras\$extras\$, downgrade => '');
SELECT count(*) FROM pgmig_upgrade('heads');
ALTER AGGREGATE app.total(int) OWNER TO other;
SELECT pgmig_accept('an owner');
EOS
$watch = { in => '', out => '', err => '',
	timer => IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default) };
$watch->{run} = IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr($db) ],
	'<', \$watch->{in}, '>', \$watch->{out}, '2>', \$watch->{err}, $watch->{timer});
is(findings(), '', 'nothing is found at the end of the run');
$node->safe_psql($db, q{SELECT pgmig_guard('log')});
is(findings(), '', 'nor when the guard is on');

# The findings that are expected of a change.
sub expected
{
	my ($sql, $by, @lines) = @_;

	foreach (@lines)
	{
		s/:owner/$owner/;
		s/ # (.*) = (.*)$/ # $1$by: $2/ || s/ # (.*) -$/ # $1$by/ || s/ # (.*)$/ # $1$by: $sql/;
	}
	return join "\n", @lines;
}

my $number = 0;
foreach my $change (@changes)
{
	my ($sql, $undo, @lines) = @$change;
	my $by = change($clients[ $number++ % 2 ], $sql);

	$undo //= q{SELECT pgmig_accept('test')};
	$undo =~ s/:owner/"$owner"/;

	is(findings(), expected($sql, $by, @lines), "$number: $sql");
	must($watch, $undo);
	is(findings(), '', "$number: $undo");
}
cmp_ok($number, '>=', 40, 'there are enough changes');

# --- Who did what, of several changes ---------------------------------------

my ($ann, $bob) = @clients;
my @by = (
	change($ann, 'ALTER TABLE cameras ADD COLUMN first text'),
	change($bob, 'ALTER TABLE cameras ADD COLUMN second text'),
	change($ann, q{COMMENT ON TABLE cameras IS 'by ann'}),
	change($bob, 'GRANT SELECT ON cameras TO reader'),
	change($bob, q{COMMENT ON SCHEMA app IS 'by bob'}),
	change($ann, 'GRANT USAGE ON SCHEMA app TO reader'),
	change($ann, 'ALTER FUNCTION app.area(text) STABLE'),
	change($bob, 'ALTER FUNCTION app.area(int, int) STABLE'),
	change($bob, 'CREATE TABLE app.by_bob (a int)'),
	change($ann, 'ALTER TABLE app.by_bob ADD COLUMN b int'),
	change($ann, 'ALTER TABLE app.other_table ALTER COLUMN a SET DEFAULT 1'),
	change($bob, 'ALTER TABLE app.other_table ALTER COLUMN a SET DEFAULT 2'));
is(findings(), join("\n",
		"changed schema app comment: - -> by bob # COMMENT$by[4]: COMMENT ON SCHEMA app IS 'by bob'",
		"changed schema app grants.reader: - -> USAGE # GRANT$by[5]: GRANT USAGE ON SCHEMA app TO reader",
		"changed function app.area(integer, integer) volatility: volatile -> stable # ALTER FUNCTION$by[7]: ALTER FUNCTION app.area(int, int) STABLE",
		"changed function app.area(text) volatility: volatile -> stable # ALTER FUNCTION$by[6]: ALTER FUNCTION app.area(text) STABLE",
		"added table app.by_bob # CREATE TABLE$by[8]: CREATE TABLE app.by_bob (a int)",
		"changed table public.cameras comment: - -> by ann # COMMENT$by[2]: COMMENT ON TABLE cameras IS 'by ann'",
		"changed table public.cameras grants.reader: - -> SELECT # GRANT$by[3]: GRANT SELECT ON cameras TO reader",
		"changed column app.other_table.a default: - -> 2 # ALTER TABLE$by[11]: ALTER TABLE app.other_table ALTER COLUMN a SET DEFAULT 2",
		"added column public.cameras.first # ALTER TABLE$by[0]: ALTER TABLE cameras ADD COLUMN first text",
		"added column public.cameras.second # ALTER TABLE$by[1]: ALTER TABLE cameras ADD COLUMN second text"),
	'each change is told with the statement that made it');

# The role that a session has taken, and a client with an address.
$node->safe_psql($db, q{SELECT pgmig_accept('test'); GRANT CREATE ON SCHEMA app TO other});
$node->safe_psql($db, q{SELECT pgmig_accept('rights of other')});
change($ann, 'SET ROLE other; CREATE SEQUENCE app.of_other');
like(findings(),
	qr/^added sequence app\.of_other # CREATE SEQUENCE by other \(session of ann\) with psql of ann at <time>: CREATE SEQUENCE app.of_other$/,
	'a role that a session has taken');
$node->safe_psql($db, q{UPDATE pgmig.guard_log SET client = '192.0.2.7', application = '' WHERE identity = 'app.of_other'});
like(findings(),
	qr/ CREATE SEQUENCE by other \(session of ann\) from 192\.0\.2\.7 at <time>: /,
	'a client with an address and without a name');

# What the guard has seen before the schema was recorded is not the reason.
$node->safe_psql($db, q{SELECT pgmig_accept('test')});
change($bob, q{UPDATE pg_sequence SET seqcache = 5 WHERE seqrelid = 'app.of_other'::regclass});
is(findings(), 'changed sequence app.of_other cache: 1 -> 5', 'an earlier statement is not the reason');

# Nor is one about another part of the table.
$node->safe_psql($db, q{SELECT pgmig_accept('test')});
my $default = change($ann, 'ALTER TABLE cameras ALTER COLUMN first SET DEFAULT 1');
change($bob, q{UPDATE pg_attribute SET attnotnull = true WHERE attrelid = 'cameras'::regclass AND attname = 'second'});
my $called = change($bob, q{DO 'BEGIN EXECUTE $$ALT$$ || $$ER TABLE app.other_table ALTER b SET DEFAULT 3$$; END'});
is(findings(), join("\n",
		"changed column app.other_table.b default: - -> 3 # ALTER TABLE$called: DO 'BEGIN EXECUTE \$\$ALT\$\$ || \$\$ER TABLE app.other_table ALTER b SET DEFAULT 3\$\$; END'",
		"changed column public.cameras.first default: - -> 1 # ALTER TABLE$default: ALTER TABLE cameras ALTER COLUMN first SET DEFAULT 1",
		"changed column public.cameras.second not_null: - -> true"),
	'a statement about another column is not the reason');
$node->safe_psql($db, q{UPDATE pg_attribute SET attnotnull = false WHERE attrelid = 'cameras'::regclass AND attname = 'second'});

# While event triggers are off (17), the guard sees nothing.
$node->safe_psql($db, q{SELECT pgmig_accept('test')});
SKIP:
{
	skip 'event triggers cannot be switched off', 1 if $version < 17;
	change($bob, 'SET event_triggers = off; CREATE TABLE unseen (a int)');
	is(findings(), 'added table public.unseen', 'found without the guard');
	$node->safe_psql($db, q{SELECT pgmig_accept('test')});
}

# A restored database is as it should be.
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-d', $node->connstr($db) ], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE template0');
command_ok([ 'pg_restore', '-e', '-d', $node->connstr('restored'), $dump ], 'restored');
$node->safe_psql($db, q{SELECT pgmig_guard('off')});
is($node->safe_psql('restored', q{SELECT "check", expected, found, hint FROM pgmig_check()}),
	q{guard|log|off|SELECT pgmig_guard('log').},
	'after a restore only the guard is missing');
$node->safe_psql('restored', q{SELECT pgmig_guard('log')});
is($node->safe_psql('restored', 'SELECT count(*) FROM pgmig_check()'), '0', 'then nothing');

quit($watch);
$node->stop;
done_testing();
