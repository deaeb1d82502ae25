# The history of docs/zero-downtime: it keeps what docs/zero-downtime.md
# promises.
#
# Each revision is run up, down and up again over rows, then the whole history
# down and up while another session goes on writing.  In a second database,
# runs are interrupted where that hurts, and called again.

use strict;
use warnings FATAL => 'all';

use Cwd            qw(abs_path);
use File::Basename qw(dirname);
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

$ENV{PGTZ}        = 'UTC';
$ENV{PGDATESTYLE} = 'ISO';

my $timeout = $PostgreSQL::Test::Utils::timeout_default || 180;
my $top     = dirname(dirname(abs_path($0)));
my $rows    = "$top/t/data/zero_downtime/rows.sql";
chdir $top or die "could not change to \"$top\": $!";

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
# No autovacuum: it would take part in the waiting.
$node->append_conf(
	'postgresql.conf', qq{
fsync = off
autovacuum = off
log_statement = none
restart_after_crash = on
track_activity_query_size = 1kB
});
$node->start;

# --- Sessions --------------------------------------------------------------

# One command in a session of its own; what it said on standard error.  With
# debug, that includes what the server says at level DEBUG1.
sub run_call
{
	my ($db, $sql, $debug) = @_;
	my ($rc, $out, $err) = $node->psql($db,
		($debug ? "SET client_min_messages = debug1;\n" : '') . $sql);

	ok($rc == 0 && $err !~ /ERROR|WARNING/, $sql) or diag($err);
	return $err;
}

# A session in the background, that answers to ask().
sub session
{
	my ($db) = @_;
	my $session = { in => '', out => '', err => '' };

	$session->{run} = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr($db) ],
		'<',
		\$session->{in},
		'>',
		\$session->{out},
		'2>',
		\$session->{err},
		IPC::Run::timeout($timeout));
	return $session;
}

sub request
{
	my ($session, $sql) = @_;

	$session->{out} = $session->{err} = '';
	$session->{in} .= "$sql;\n\\echo :SQLSTATE\n\\echo (done)\n";
	$session->{run}->pump_nb;
	return;
}

sub answer
{
	my ($session) = @_;

	$session->{run}->pump until $session->{out} =~ /^\(done\)$/m;
	(my $out = $session->{out}) =~ s/\n\(done\)\n//;
	return $out;
}

sub ask
{
	my ($session, $sql) = @_;

	request($session, $sql);
	return answer($session);
}

# Wait until it says something on standard error, in the middle of a statement.
sub hear
{
	my ($session, $pattern, $name) = @_;

	$session->{run}->pump
	  until $session->{err} =~ $pattern || $session->{out} =~ /^\(done\)$/m;
	like($session->{err}, $pattern, $name);
	return;
}

sub pid_of
{
	my ($session) = @_;
	my ($pid) = ask($session, 'SELECT pg_backend_pid()') =~ /^(\d+)/;

	return $pid;
}

sub quit
{
	my ($session) = @_;

	$session->{in} .= "\\q\n";
	eval { $session->{run}->finish };
	return;
}

# --- The history -----------------------------------------------------------

# As the guide says it.
sub load
{
	my ($db) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE template0");
	is( $node->safe_psql(
			$db, q{
CREATE EXTENSION pgmig;
CREATE SCHEMA observer;
\set doc `awk 'FNR == 1 { print "" } 1' docs/zero-downtime/*.sql`
SELECT count(*) FROM pgmig_import(:'doc', 'docs/zero-downtime');
}),
		scalar(() = glob 'docs/zero-downtime/*.sql'),
		"$db: a revision for each file");
	return;
}

sub insert_rows
{
	my ($db) = @_;

	command_ok(
		[
			'psql', '-XqAt', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1',
			'-1',   '-f',    $rows, '-d', $node->connstr($db)
		],
		"$db: rows");
	return;
}

sub schema
{
	my ($db) = @_;
	my ($out, $err) = run_command(
		[
			'pg_dump', '--schema-only', '-N', 'pgmig', '-N', 'observer',
			'-d', $node->connstr($db)
		]);

	die "pg_dump: $err" if $err ne '';
	return join "\n", grep { !/^\\(un)?restrict / } split /\n/, $out;
}

# Where two schemas differ, for the message of a failed test.
sub same_schema
{
	my ($got, $expected, $name) = @_;
	my %got      = map { $_ => 1 } split /\n/, $got;
	my %expected = map { $_ => 1 } split /\n/, $expected;

	return if ok($got eq $expected, $name);
	diag(join "\n",
		(map { "- $_" } grep { !$got{$_} } split /\n/, $expected),
		(map { "+ $_" } grep { !$expected{$_} } split /\n/, $got));
	return;
}

# The one thing that a downgrade leaves, until base: a value of an enum.
sub without_value
{
	my ($schema) = @_;

	$schema =~ s/^    'returned',\n//m;
	return $schema;
}

# What was inserted, wherever its partition is now.  A returned order was
# cancelled before.
sub contents
{
	my ($db) = @_;

	return $node->safe_psql(
		$db, q{
SELECT count(*), md5(string_agg(c::text, '|' ORDER BY id)) FROM customer c;
SELECT count(*), md5(string_agg((id, order_number, customer_id, replace(status::text, 'returned', 'cancelled'), amount, placed_at, shipped_at)::text, '|' ORDER BY id))
FROM orders WHERE id <= 90000;
SELECT count(*), md5(string_agg(e::text, '|' ORDER BY id)) FROM (
    SELECT * FROM order_event_2024_q3 UNION ALL SELECT * FROM order_event_2024_q4
    UNION ALL SELECT * FROM order_event_2025_q1 UNION ALL SELECT * FROM order_event_2025_q2) AS e
WHERE id <= 34000;
});
}

my $no_invalid_index = q{SELECT count(*) FROM pg_index WHERE NOT (indisvalid AND indisready)};

# What each revision promises: query and answer.
my %promises = (
	'0002_index_customer_id' => [
		q{SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_customer_id_idx'::regclass},
		't'
	],
	'0003_add_amount_cents' => [
		q{SELECT count(amount_cents) FROM orders;
BEGIN; INSERT INTO orders (order_number, customer_id, amount, placed_at) VALUES ('B-1', 1, 12.34, now()) RETURNING amount_cents;
UPDATE orders SET amount = 0.01 WHERE id = 3 RETURNING amount_cents; ROLLBACK},
		"0\n1234\n1"
	],
	'0004_fill_amount_cents' =>
	  [ 'SELECT count(*), count(amount_cents), sum(amount_cents) = sum(amount) * 100 FROM orders', '30000|30000|t' ],
	'0005_amount_cents_check' => [
		q{SELECT convalidated FROM pg_constraint WHERE conname = 'orders_amount_cents_present'},
		'f'
	],
	'0006_amount_cents_validate' => [
		q{SELECT convalidated FROM pg_constraint WHERE conname = 'orders_amount_cents_present'},
		't'
	],
	'0007_amount_cents_not_null' => [
		q{SELECT attnotnull, (SELECT count(*) FROM pg_constraint WHERE conname = 'orders_amount_cents_present')
FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'amount_cents'},
		't|0'
	],
	'0008_customer_foreign_key' => [
		q{SELECT convalidated, confrelid::regclass FROM pg_constraint WHERE conname = 'orders_customer_id_fkey'},
		'f|customer'
	],
	'0009_customer_validate' => [
		q{SELECT convalidated, confrelid::regclass FROM pg_constraint WHERE conname = 'orders_customer_id_fkey'},
		't|customer'
	],
	'0010_unique_order_number' => [
		q{SELECT contype, indisvalid, indisunique FROM pg_constraint JOIN pg_index ON indexrelid = conindid
WHERE conname = 'orders_order_number_key'},
		'u|t|t'
	],
	'0011_status_returned' => [
		q{SELECT status, count(*) FROM orders GROUP BY status ORDER BY status;
SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_returned_idx'::regclass},
		"new|3000\npaid|6000\nshipped|18000\nreturned|1500\ncancelled|1500\nt"
	],
	'0012_index_events' => [
		q{SELECT indisvalid, (SELECT count(*) FROM pg_inherits JOIN pg_index c ON c.indexrelid = inhrelid AND c.indisvalid WHERE inhparent = i.indexrelid)
FROM pg_index i WHERE indexrelid = 'order_event_order_id_idx'::regclass},
		't|3'
	],
	'0013_prepare_attach' => [
		q{SELECT convalidated FROM pg_constraint WHERE conname = 'order_event_2025_q2_bounds';
SELECT indisvalid FROM pg_index WHERE indexrelid = 'order_event_2025_q2_order_id_idx'::regclass},
		"t\nt"
	],
	'0014_attach_2025_q2' => [
		q{SELECT relispartition, (SELECT count(*) FROM pg_constraint WHERE conrelid = c.oid AND contype = 'c'), (SELECT count(*) FROM order_event)
FROM pg_class c WHERE relname = 'order_event_2025_q2';
SELECT relispartition FROM pg_class WHERE relname = 'order_event_2025_q2_order_id_idx'},
		"t|0|34000\nt"
	],
	'0015_detach_2024_q3' => [
		q{SELECT relispartition FROM pg_class c WHERE relname = 'order_event_2024_q3';
SELECT (SELECT count(*) FROM order_event) + (SELECT count(*) FROM order_event_2024_q3)},
		"f\n34000"
	],
	'0016_housekeeping' => [
		q{SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_placed_at_idx'::regclass;
SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'orders';
SELECT reltuples FROM pg_class WHERE relname = 'orders'},
		"t\n0\n30000"
	]);

# What the server says at level DEBUG1 when it need not read a table.
my %proofs = (
	'0007_amount_cents_not_null' =>
	  qr/existing constraints on column "orders.amount_cents" are sufficient/,
	'0014_attach_2025_q2' =>
	  qr/partition constraint for table "order_event_2025_q2" is implied/);
my %proofs_down = ('0015_detach_2024_q3' =>
	  qr/partition constraint for table "order_event_2024_q3" is implied/);

# --- Up, down and up, one by one -------------------------------------------

my $db = 'shop';
load($db);
my $empty = schema($db);
my ($base, @plan) = split /\n/,
  $node->safe_psql($db, 'SELECT revision FROM pgmig_plan() ORDER BY step');
is( join(' ', $base, @plan),
	join(' ', map { m{([^/]+)\.sql$} } sort glob 'docs/zero-downtime/*.sql'),
	'revisions are named like their files');
my $guide = slurp_file('docs/zero-downtime.md');
is(join(' ', grep { $guide !~ /\b\Q$_\E\b/ } map { /^(\d+)/ } $base, @plan),
	'', 'the guide knows every revision');

like(
	run_call($db, "CALL pgmig_upgrade_stepwise('$base')"),
	qr/NOTICE:  Running upgrade  -> $base, /,
	'the notice of the base revision');
insert_rows($db);
my %schema   = ($base => schema($db));
my $contents = contents($db);
my $last     = $base;

foreach my $revision (@plan)
{
	my $err = run_call(
		$db,
		"CALL pgmig_upgrade_stepwise('$revision')",
		$proofs{$revision});

	like($err, qr/:  Running upgrade $last -> $revision, /,
		"$revision: notice");
	like($err, $proofs{$revision}, "$revision: no row is read")
	  if $proofs{$revision};
	is($node->safe_psql($db, $promises{$revision}->[0]),
		$promises{$revision}->[1], "$revision: promises");
	is($node->safe_psql($db, $no_invalid_index),
		'0', "$revision: indexes are valid")
	  or diag($node->safe_psql($db, 'SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid'));
	is(contents($db), $contents, "$revision: all rows are there");
	$schema{$revision} = schema($db);

	run_call($db, q{CALL pgmig_downgrade_stepwise('-1')});
	same_schema(
		$revision eq '0011_status_returned'
		? without_value(schema($db))
		: schema($db),
		$schema{$last},
		"$revision: the downgrade restores the schema");
	is(contents($db), $contents, "$revision: and leaves all rows");
	run_call($db, "CALL pgmig_upgrade_stepwise('$revision')");
	same_schema(schema($db), $schema{$revision}, "$revision: up again");
	is($node->safe_psql($db, $promises{$revision}->[0]),
		$promises{$revision}->[1], "$revision: promises, up again");
	$last = $revision;
}
is(run_call($db, 'CALL pgmig_upgrade_stepwise()'), '', 'nothing is left to do');

# --- Down and up while others write ----------------------------------------

# Each turn is a transaction as the shop has them.  The first error ends it:
# among others, a lock that is not to be had within ten seconds.
my $writer = session($db);
ask( $writer, q{
SET lock_timeout = '10s';
CREATE TABLE observer.stop ();
CREATE TABLE observer.turn (revision text);
CREATE SEQUENCE observer.number;
SET client_min_messages = warning
});
request(
	$writer, q{
DO $$
DECLARE
    new_order bigint;
BEGIN
    WHILE to_regclass('observer.stop') IS NOT NULL LOOP
        INSERT INTO orders (order_number, customer_id, amount, placed_at)
        VALUES ('W-' || nextval('observer.number'), 1, 9.99, '2025-06-30 00:00:00+00')
        RETURNING id INTO new_order;
        INSERT INTO order_event VALUES (new_order, new_order, 'placed', '2025-02-01 00:00:00+00');
        UPDATE orders SET amount = 10.99, status = 'paid' WHERE id = new_order;
        PERFORM FROM order_event WHERE order_id = new_order;
        INSERT INTO observer.turn SELECT revision FROM pgmig.applied WHERE revision > '0001' ORDER BY revision DESC LIMIT 1;
        COMMIT;
        PERFORM pg_sleep(0.002);
    END LOOP;
END
$$});
ok($node->poll_query_until($db, 'SELECT count(*) > 10 FROM observer.turn'),
	'the writer works');

foreach my $revision (reverse @plan)
{
	my ($below) = grep { $_ lt $revision } reverse $base, @plan;
	my $err = run_call(
		$db,
		q{CALL pgmig_downgrade_stepwise('-1')},
		$proofs_down{$revision});

	like($err, $proofs_down{$revision}, "$revision: no row is read, down")
	  if $proofs_down{$revision};
	same_schema(
		$revision le '0012'
		? without_value(schema($db))
		: schema($db),
		$schema{$below},
		"$below: schema, on the way down");
}
is(contents($db), $contents, 'all rows are there below');
run_call($db, 'CALL pgmig_upgrade_stepwise()');
same_schema(schema($db), $schema{$last}, 'head: schema, up in one call');
is(contents($db), $contents, 'all rows are there above');
run_call($db, "CALL pgmig_downgrade_stepwise('$base')");
run_call($db, 'CALL pgmig_upgrade_stepwise()');

$node->safe_psql($db, 'DROP TABLE observer.stop');
is(answer($writer), '00000', 'the writer had no error') or diag($writer->{err});
quit($writer);
is(contents($db), $contents, 'all rows are there, twice up and down');
is( $node->safe_psql(
		$db, q{
SELECT count(*) = (SELECT count(*) FROM observer.turn), bool_and(amount_cents = 1099) FROM orders WHERE id > 90000;
SELECT count(*) = (SELECT count(*) FROM observer.turn) FROM order_event WHERE id > 34000;
SELECT count(*) = 0 FROM orders WHERE amount_cents <> amount * 100;
}),
	"t|t\nt\nt",
	'what was written meanwhile is there and complete');
cmp_ok(
	$node->safe_psql($db, 'SELECT count(DISTINCT revision) FROM observer.turn'),
	'>', 5, 'it was written between the revisions');

# To nothing, and up without rows.
run_call($db, q{CALL pgmig_downgrade_stepwise('base')});
$node->safe_psql($db, 'DROP TABLE observer.turn; DROP SEQUENCE observer.number');
same_schema(schema($db), $empty, 'base: nothing but the extension');
run_call($db, 'CALL pgmig_upgrade_stepwise()');
same_schema(schema($db), $schema{$last}, 'head: schema, without rows');

# --- The guide -------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE guide TEMPLATE template0');
foreach my $block ($guide =~ /^```sql\n(.*?)^```$/msg)
{
	my ($rc, $out, $err) = $node->psql('guide', $block);

	unlike($err, qr/ERROR|WARNING/, (split /\n/, $block)[0] . ' ...');
}

# --- Interruptions ---------------------------------------------------------

$db = 'interrupted';
load($db);
run_call($db, "CALL pgmig_upgrade_stepwise('$base')");
insert_rows($db);
$contents = contents($db);

# Start a run that has to wait, and wait for that.
sub run_until
{
	my ($call, $waits) = @_;
	my $session = session($db);

	ask($session, 'SET pgmig.lock_timeout = 0');
	$session->{pid} = pid_of($session);
	request($session, $call);
	ok( $node->poll_query_until(
			$db,
			"SELECT count(*) = 1 FROM pg_stat_activity WHERE pid = $session->{pid} AND $waits"
		),
		"$call: waits");
	return $session;
}

# Ends it there.
sub terminate
{
	my ($session) = @_;

	$node->safe_psql($db, "SELECT pg_terminate_backend($session->{pid})");
	eval { $session->{run}->finish };
	ok( $node->poll_query_until(
			$db,
			"SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $session->{pid}"
		),
		'the run is gone');
	return;
}

sub interrupted
{
	return $node->safe_psql($db,
		'SELECT interrupted_revision, interrupted_direction, interrupted_statement FROM pgmig_status()');
}

# Others can work on this table meanwhile.
sub others_write
{
	my ($sql, $name) = @_;
	my ($rc, $out, $err) =
	  $node->psql($db, "SET lock_timeout = '10s'; BEGIN; $sql; ROLLBACK");

	is($err, '', $name);
	return;
}

my $other = session($db);
$other->{pid} = pid_of($other);

# An index, while an old transaction is open.  When the run is resumed, the
# setting is made again: it waits longer than pgmig's lock timeout.
ask($other, 'BEGIN; UPDATE orders SET placed_at = placed_at WHERE id = 3');
my $run = run_until(q{CALL pgmig_upgrade_stepwise('0002')},
	q{wait_event = 'virtualxid'});
others_write(q{UPDATE orders SET shipped_at = NULL WHERE id = 6},
	'others write while an index is built');
terminate($run);
is($node->safe_psql($db, $no_invalid_index), '1', 'an invalid index is left');
is(interrupted(), '0002_index_customer_id|upgrade|2', 'the status tells');
$run = session($db);
ask($run, q{SET pgmig.lock_timeout = '10ms'; SET pgmig.lock_retries = 0});
$run->{pid} = pid_of($run);
request($run, q{CALL pgmig_upgrade_stepwise('0002')});
ok( $node->poll_query_until(
		$db,
		"SELECT query_start < clock_timestamp() - interval '200 ms' FROM pg_stat_activity WHERE pid = $run->{pid} AND wait_event = 'virtualxid'"
	),
	'the resumed run waits');
ask($other, 'ROLLBACK');
is(answer($run), '00000', 'and ends well');
like(
	$run->{err},
	qr/NOTICE:  Resuming upgrade 0001_base_schema -> 0002_index_customer_id, Index the orders of a customer, at statement 2 of 2/,
	'it says what it resumes');
quit($run);
is($node->safe_psql($db, $no_invalid_index), '0', 'the index is valid');
is(interrupted(), '||', 'nothing is interrupted');

# A strong lock: the run does not queue for long, and says who is in the way.
ask($other, 'BEGIN; SELECT count(*) FROM orders');
$run = session($db);
ask($run, q{SET pgmig.lock_timeout = '100ms'});
request($run, q{CALL pgmig_upgrade_stepwise('0003')});
hear(
	$run,
	qr/DETAIL:  Process $other->{pid} .*SELECT count.*\n/,
	'it names who is in the way');
ask($other, 'COMMIT');
is(answer($run), '00000', 'it tries again, and gets the lock');
quit($run);

# The batches, in the middle.  Each row is written once.
$node->safe_psql(
	$db, q{
CREATE TABLE observer.written (id bigint);
CREATE FUNCTION observer.note() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO observer.written VALUES (NEW.id); RETURN NULL; END';
CREATE TRIGGER observe AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION observer.note();
});
ask($other, 'BEGIN; SELECT FROM orders WHERE id = 15000 FOR UPDATE');
$run = run_until(q{CALL pgmig_upgrade_stepwise('0004')},
	q{wait_event_type = 'Lock'});
terminate($run);
is(interrupted(), '0004_fill_amount_cents|upgrade|1', 'the status tells');
is($node->safe_psql($db, 'SELECT count(amount_cents) FROM orders'),
	'4000', 'two batches are done');
$run = run_until(q{CALL pgmig_upgrade_stepwise('0004')},
	q{wait_event_type = 'Lock'});
my $offset = -s $node->logfile;
kill 'KILL', $run->{pid};
eval { $run->{run}->finish };
quit($other);
$node->wait_for_log(qr/reinitializing.*ready to accept connections/s, $offset);
is($node->safe_psql('postgres', 'SELECT 1'), '1', 'the server is back');
is($node->safe_psql($db, 'SELECT count(amount_cents) FROM orders'),
	'4000', 'two batches are done, still');
$other = session($db);
ask($other, 'BEGIN; SELECT FROM orders WHERE id = 15000 FOR UPDATE');
$run = session($db);
ask($run, q{SET pgmig.lock_timeout = '100ms'});
request($run, q{CALL pgmig_upgrade_stepwise('0004')});
hear($run, qr/trying again.*\n/, 'the batches do not wait for long');
ask($other, 'ROLLBACK');
is(answer($run), '00000', 'the rest, after a lock timeout');
quit($_) foreach $run, $other;
is( $node->safe_psql(
		$db, q{
SELECT count(*), count(DISTINCT id) FROM observer.written;
SELECT count(*), sum(amount_cents) = sum(amount) * 100 FROM orders}),
	"30000|30000\n30000|t",
	'no row is left out, none is written twice');
$node->safe_psql($db, 'TRUNCATE observer.written');

# Duplicates: an error, to be corrected, and the same call again.
$node->safe_psql($db,
	q{UPDATE orders SET order_number = 'A-1' WHERE id = 6; TRUNCATE observer.written});
my ($rc, $out, $err) =
  $node->psql($db, q{CALL pgmig_upgrade_stepwise('0010')});
like($err, qr/ERROR:  could not create unique index/, 'duplicate numbers');
is($node->safe_psql($db, $no_invalid_index), '1', 'an invalid index is left');
is(interrupted(), '0010_unique_order_number|upgrade|2', 'the status tells');
$node->safe_psql($db,
	q{UPDATE orders SET order_number = 'A-2' WHERE id = 6; TRUNCATE observer.written});
run_call($db, q{CALL pgmig_upgrade_stepwise('0010')});
is($node->safe_psql($db, $promises{'0010_unique_order_number'}->[0]),
	$promises{'0010_unique_order_number'}->[1], 'corrected, it runs');

# The server is gone in the middle of the batches, up and down.
foreach my $direction ('upgrade', 'downgrade')
{
	my $target    = $direction eq 'upgrade' ? '0011' : '0010';
	my $statement = $direction eq 'upgrade' ? 2      : 1;

	$other = session($db);
	ask($other, 'BEGIN; SELECT FROM orders WHERE id = 15000 FOR UPDATE');
	$run = run_until("CALL pgmig_${direction}_stepwise('$target')",
		q{wait_event_type = 'Lock'});
	$node->stop('immediate');
	eval { $_->{run}->finish } foreach $run, $other;
	$node->start;
	is(interrupted(), "0011_status_returned|$direction|$statement",
		"$direction: the status tells");
	is($node->safe_psql($db, 'SELECT count(*) FROM observer.written'),
		'200', "$direction: two batches are done");
	run_call($db, "CALL pgmig_${direction}_stepwise('$target')");
	is( $node->safe_psql(
			$db, 'SELECT count(*), count(DISTINCT id) FROM observer.written'),
		'1500|1500',
		"$direction: no row is left out, none is written twice");
	$node->safe_psql($db, 'TRUNCATE observer.written');
}
is(contents($db), $contents, 'all rows are there');
run_call($db, q{CALL pgmig_upgrade_stepwise('0014')});

# A partition, while somebody reads.
$other = session($db);
ask($other, 'BEGIN; SELECT count(*) FROM order_event');
$run = run_until(q{CALL pgmig_upgrade_stepwise('0015')},
	q{wait_event = 'virtualxid'});
others_write(
	q{INSERT INTO order_event VALUES (90000, 3, 'returned', '2025-02-01 00:00:00+00')},
	'others write while a partition is detached');
terminate($run);
is( $node->safe_psql(
		$db,
		q{SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = 'order_event_2024_q3'::regclass}
	),
	't',
	'the partition is half detached');
is(interrupted(), '0015_detach_2024_q3|upgrade|2', 'the status tells');
ask($other, 'COMMIT');
run_call($db, q{CALL pgmig_upgrade_stepwise('0015')});
is($node->safe_psql($db, $promises{'0015_detach_2024_q3'}->[0]),
	$promises{'0015_detach_2024_q3'}->[1], 'it is detached');

# An index that is written anew, while an old transaction is open.
ask($other, 'BEGIN; UPDATE orders SET placed_at = placed_at WHERE id = 3');
$run = run_until(q{CALL pgmig_upgrade_stepwise('0016')},
	q{wait_event = 'virtualxid'});
terminate($run);
is($node->safe_psql($db, $no_invalid_index), '1', 'an invalid index is left');
like(interrupted(), qr/^0016_housekeeping\|upgrade\|3/, 'the status tells');
ask($other, 'ROLLBACK');
quit($other);
run_call($db, q{CALL pgmig_upgrade_stepwise('0016')});
is($node->safe_psql($db, $no_invalid_index), '0', 'no invalid index is left');

$node->safe_psql($db, 'DROP TRIGGER observe ON orders');
same_schema(schema($db), $schema{$last},
	'the schema is that of a run without interruptions');
is(contents($db), $contents, 'and all rows are there');
is( $node->safe_psql($db,
		'SELECT pending, interrupted_revision IS NULL FROM pgmig_status()'),
	'0|t',
	'nothing is left to do');

$node->stop;
done_testing();
