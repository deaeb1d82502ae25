# Snapshots while other sessions create, change and drop what is described:
# none fails, and each is a whole.

use strict;
use warnings FATAL => 'all';

use File::Basename;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use lib dirname(__FILE__);
use PgmigSession;

$ENV{PGOPTIONS} = '-c client_min_messages=warning';
local $SIG{PIPE} = 'IGNORE';

my $snapshots = 200;
my $timeout   = $PostgreSQL::Test::Utils::timeout_default || 180;
my $node      = PostgreSQL::Test::Cluster->new('concurrent');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf(
	'postgresql.conf', qq{
fsync = off
full_page_writes = off
log_statement = none
});
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION pgmig;
CREATE TABLE stays (id int PRIMARY KEY, v text DEFAULT 'x');
CREATE VIEW looks AS SELECT id FROM stays;
CREATE TABLE parted (a int) PARTITION BY LIST (a);
CREATE TABLE stop (a int)});

sub session
{
	my $session = { in => '', out => '', err => '' };

	$session->{run} = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr('postgres') ],
		'<',
		\$session->{in},
		'>',
		\$session->{out},
		'2>',
		\$session->{err},
		$session->{timer} = IPC::Run::timeout($timeout));
	$session->{pid} = ask($session, 'SELECT pg_backend_pid()');
	return $session;
}

# Transactions, over and over until table "stop" has a row.
sub loop
{
	my (@transactions) = @_;
	my $body = join "\nCOMMIT;\nPERFORM pg_sleep(0.02);\n", @transactions;

	return qq{
DO \$loop\$
BEGIN
    WHILE NOT EXISTS (SELECT FROM stop) LOOP
$body
COMMIT;
    END LOOP;
END \$loop\$};
}

my @loops = (
	loop(
		q{CREATE TABLE comes (id serial PRIMARY KEY, v text DEFAULT 'a' CHECK (v <> ''));},
		q{CREATE INDEX comes_v ON comes (lower(v)) WHERE v > 'a'; COMMENT ON INDEX comes_v IS 'index';},
		q{CREATE VIEW comes_view AS SELECT id, v FROM comes;},
		q{CREATE TRIGGER comes_trigger BEFORE UPDATE ON comes FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();},
		q{ALTER TABLE comes RENAME v TO w;},
		q{DROP VIEW comes_view; DROP TABLE comes;}),
	loop(
		q{CREATE FUNCTION goes(a int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE goes_type AS ENUM ('a');},
		q{CREATE SCHEMA goes_schema CREATE TABLE t (a goes_type DEFAULT 'a'); CREATE POLICY goes_policy ON goes_schema.t USING (a = 'a');},
		q{CREATE STATISTICS goes_schema.stat ON a, (a::text) FROM goes_schema.t; CREATE RULE goes_rule AS ON DELETE TO goes_schema.t DO INSTEAD NOTHING;},
		q{DROP SCHEMA goes_schema CASCADE; DROP FUNCTION goes(int); DROP TYPE goes_type;}),
	loop(
		q{CREATE TABLE part PARTITION OF parted FOR VALUES IN (1);},
		q{CREATE INDEX parted_a ON parted (a); ALTER TABLE parted ADD CONSTRAINT positive CHECK (a > 0);},
		q{CREATE OR REPLACE VIEW looks AS SELECT id, v FROM stays; ALTER TABLE stays ALTER v SET DEFAULT 'y';},
		q{DROP TABLE part; DROP INDEX parted_a; ALTER TABLE parted DROP CONSTRAINT positive;},
		q{DROP VIEW looks; CREATE VIEW looks AS SELECT id FROM stays; ALTER TABLE stays ALTER v SET DEFAULT 'x';}));
my @sessions = map { session() } @loops;
request($sessions[$_], $loops[$_]) foreach (0 .. $#loops);

# What has to be there of an object of these kinds.
my ($rc, $out, $err) = $node->psql('postgres', qq{
CREATE TEMP TABLE taken (n int, s jsonb);
DO \$\$
BEGIN
    FOR i IN 1..$snapshots LOOP
        INSERT INTO taken SELECT i, pgmig_snapshot();
        COMMIT;
    END LOOP;
END \$\$;
SELECT count(*), count(DISTINCT s) > 1 FROM taken;
SELECT k.key, o.key, o.value
FROM taken, jsonb_each(s->'objects') k, jsonb_each(k.value) o
WHERE o.value ? 'broken'
   OR o.key ~ '^with OID|\\?|^-|null'
   OR k.key IN ('index', 'view', 'trigger', 'rule', 'constraint', 'statistics') AND NOT o.value ? 'definition' AND NOT (k.key = 'index' AND (o.value->'parent') ? 'constraint')
   OR k.key = 'column' AND NOT o.value ? 'type'
   OR k.key = 'function' AND NOT o.value ?& '{body,returns,arguments,language}'
   OR k.key IN ('table', 'view', 'function', 'sequence', 'enum', 'schema') AND NOT o.value ? 'owner'
   OR k.key IN ('table', 'view') AND NOT o.value ? 'columns'
   OR k.key = 'policy' AND NOT o.value ? 'using'
   OR o.value::text LIKE '%dropped role%';
});
is($rc, 0, 'snapshots are taken');
is($err, '', '... without a warning');
is($out, "$snapshots|t", '... each of them of whole objects, and not all the same');
$node->safe_psql('postgres', 'INSERT INTO stop VALUES (1)');
foreach my $session (@sessions)
{
	answer($session);
	is($session->{state}, '00000', 'a session that changes the schema') or diag($session->{err});
	quit($session);
}

$node->stop;
done_testing();
