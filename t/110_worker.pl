# Runs in the background: pgmig_start, pgmig_wait, pgmig_cancel, what
# pgmig_progress shows of them to others, and NOTIFY.

use strict;
use warnings FATAL => 'all';

use IPC::Run;
use FindBin;
use lib $FindBin::RealBin;
use PgmigSession;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

local $SIG{PIPE} = 'IGNORE';
our $TODO;

my $timeout = $PostgreSQL::Test::Utils::timeout_default || 180;
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(
	allows_streaming => 1,
	extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf(
	'postgresql.conf', qq{
fsync = off
restart_after_crash = on
autovacuum = off
max_connections = 40
max_worker_processes = 8
max_prepared_transactions = 5
log_min_messages = warning
log_statement = none
});
$node->start;

#
# Sessions
#

# A session in the background, that answers to ask().
sub session
{
	my ($db, $user) = @_;
	my $session = { in => '', out => '', err => '' };

	$session->{timer} = IPC::Run::timeout($timeout);
	$session->{run} = IPC::Run::start(
		[
			'psql', '-XAtq', '-v', 'SHOW_CONTEXT=always', '-d',
			$node->connstr($db) . ($user ? " user=$user" : '')
		],
		'<',
		\$session->{in},
		'>',
		\$session->{out},
		'2>',
		\$session->{err},
		$session->{timer});
	return $session;
}

# Something that has to fail, with a SQLSTATE and a message.
sub refused
{
	my ($session, $sql, $state, $pattern, $name) = @_;

	ask($session, $sql);
	is($session->{state}, $state, "$name: $state");
	like($session->{err}, $pattern, "$name: message");
	return;
}

# Wait until a query says true; the answer, or what it says in the end.
my $observer;

sub wait_until
{
	my ($sql) = @_;
	my $deadline = time + $timeout;
	my $out;

	for (;;)
	{
		$out = ask($observer, $sql);
		return 1 if $out eq 't';
		die "$sql: $observer->{err}" if $observer->{state} ne '00000';
		last if time > $deadline;
		sleep 0.01;
	}
	diag("$sql: $out");
	return 0;
}

sub poll
{
	my ($sql, $name) = @_;

	ok(wait_until($sql), $name);
	return;
}

# Until a run has come to its end.
sub ended
{
	my ($run) = @_;

	wait_until("SELECT outcome <> 'running' FROM pgmig.run WHERE run = $run");
	return must($observer, "SELECT outcome FROM pgmig.run WHERE run = $run");
}

# ... or is in the statement where it waits for an advisory lock.
sub held
{
	my ($run) = @_;

	die "run $run does not come to the lock"
	  unless wait_until(
		"SELECT count(*) = 1 FROM pgmig.run r JOIN pg_stat_activity a ON a.pid = r.pid WHERE r.run = $run AND a.wait_event = 'advisory'"
	  );
	return;
}

#
# Revisions
#

# A document; %options: up and down are bodies, mark is put behind "upgrade".
sub document
{
	my ($id, $parent, %option) = @_;
	my $mark = $option{mark} ? ' no-transaction' : '';
	my $down = defined $option{down} ? $option{down} : '';

	return "-- $id\n--\n-- Revision ID: $id\n-- Revises: $parent\n\n"
	  . "-- pgmig: upgrade$mark\n$option{up}\n-- pgmig: downgrade\n$down\n\n";
}

sub import
{
	my ($session, @documents) = @_;

	return must($session,
		'SELECT count(*) FROM pgmig_import($document$' . join('', @documents) . '$document$)');
}

# A body that stops until somebody gives the lock free.
sub gate
{
	my ($lock) = @_;

	return "SELECT pg_advisory_xact_lock($lock);";
}

# The same history for every part: everything is removed, then loaded.
sub history
{
	my ($session, @documents) = @_;

	must($session,
		'DELETE FROM pgmig.unfinished; DELETE FROM pgmig.applied;' . ' DELETE FROM pgmig.revision');
	return import($session, @documents);
}

my $admin = session('postgres');
my $gate = session('postgres');
$observer = session('postgres');
must($admin,
		'CREATE EXTENSION pgmig; ALTER DATABASE postgres SET pgmig.lock_timeout = 0;'
	  . ' CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE stranger LOGIN;'
	  . ' CREATE ROLE deploy NOLOGIN; GRANT deploy TO alice, bob;'
	  . q{ SELECT pgmig_grant('deploy', 'runner'), pgmig_grant('deploy', 'author');}
	  . ' CREATE SCHEMA tenant AUTHORIZATION deploy;'
	  . ' CREATE TABLE seen (what text); GRANT ALL ON seen TO PUBLIC;'
	  . ' GRANT CREATE ON SCHEMA public TO deploy');
quit($admin);
$admin = session('postgres');

#
# It runs as the caller, with the settings of the caller, who goes away.
#
my $describe =
	q{SELECT format('%s|%s|%s|%s|%s|%s|%s|%s', current_user, session_user,}
  . q{ current_setting('search_path'), current_setting('pgmig.scope'),}
  . q{ current_setting('lock_timeout'), current_setting('TimeZone'),}
  . q{ current_setting('my.placeholder'), current_setting('work_mem'))};
history($admin, document('own', '', up => gate(1) . "CREATE TABLE own AS $describe;"));
must($gate, 'SELECT pg_advisory_lock(1)');
my $alice = session('postgres', 'alice');
must($alice, 'SET ROLE deploy');
must($alice, q{SET pgmig.scope = 'tenant'; SET lock_timeout = '1234s'; SET TimeZone = '+05:30'});
must($alice, q{SET my.placeholder = '"it''s"; \n ä'; SET application_name = 'deployer'});
must($alice, q{BEGIN; SET LOCAL work_mem = '1234kB'; SET LOCAL search_path = 'no such', pg_catalog});
my $run = must($alice, q{SELECT public.pgmig_start('heads', tag => 'täg')});
my $pid = must($alice, 'SELECT pg_backend_pid()');
like($run, qr/^\d+$/, 'the number of the run');
must($alice, 'COMMIT');
held($run);
is( must(
		$observer,
		"SELECT operation, target, scope, tag, role, application, outcome, mode, pid <> $pid FROM pgmig.run WHERE run = $run"
	),
	'upgrade|heads|tenant|täg|deploy|deployer|running|worker|t',
	'the run is recorded when pgmig_start returns');
is( must(
		$observer,
		"SELECT backend_type, a.usename, a.application_name FROM pgmig.run r JOIN pg_stat_activity a USING (pid) WHERE run = $run"
	),
	'pgmig|alice|deployer',
	'what the activity shows of the worker');
quit($alice);
poll("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid", 'the client is gone');
must($gate, 'SELECT pg_advisory_unlock(1)');
is(ended($run), 'done', 'the run survives its client');
is( must($observer, 'SELECT * FROM tenant.own'),
	'deploy|alice|tenant, "no such", pg_catalog|tenant|1234s|+05:30|"it\'s"; \n ä|1234kB',
	'the body has role and settings of the caller, transaction-local ones too');
is(must($observer, q{SELECT tableowner FROM pg_tables WHERE tablename = 'own'}),
	'deploy', 'the role owns what it makes');
poll(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'pgmig'}, 'the worker ends');

# A session that is somebody else altogether, and odd settings.
history($admin, document('other', '', up => "INSERT INTO seen $describe;", down => 'SELECT 1'));
must($admin,
		q{SET SESSION AUTHORIZATION bob; SET ROLE deploy; SET client_encoding = 'LATIN1';}
	  . q{ SET my.placeholder = ''; SET standard_conforming_strings = off; SET DateStyle = 'German';}
	  . q{ SET default_transaction_isolation = serializable; SET default_transaction_deferrable = on;}
	  . q{ SET client_min_messages = error; SET search_path = tenant, public; SET jit = on});
$run = must($admin, q{SELECT pgmig_start('other', tag => E'\\\\ '' tag')});
is(ended($run), 'done', 'SET SESSION AUTHORIZATION and odd settings');
is( must($observer, q{SELECT what FROM seen}),
	'deploy|bob|tenant, public||0|Etc/UTC||4MB' =~ s/Etc\/UTC/must($observer, 'SHOW TimeZone')/er,
	'... are taken over');
is(must($observer, "SELECT tag FROM pgmig.run WHERE run = $run"), q{\\ ' tag}, 'the tag, quoted');
quit($admin);
$admin = session('postgres');

#
# Who may start a run, and as whom it runs.
#
my $stranger = session('postgres', 'stranger');
refused(
	$stranger, 'SELECT pgmig_start()',
	'42501',
	qr/permission denied for function pgmig_start/,
	'start without privilege');
refused($stranger, 'SELECT pgmig_cancel(1)', '42501', qr/permission denied/, 'cancel without privilege');
refused($stranger, 'CALL pgmig_wait(1)', '42501', qr/permission denied/, 'wait without privilege');
must($admin, 'GRANT EXECUTE ON FUNCTION pgmig_start(text, text, text) TO stranger');
history($admin, document('one', '', up => 'SELECT 1;', down => 'SELECT 1;'));
$run = must($stranger, 'SELECT pgmig_start()');
is(ended($run), 'failed', 'start without privilege on the procedure');
is( must($observer, "SELECT role, sqlstate, error FROM pgmig.run WHERE run = $run"),
	'stranger|42501|permission denied for procedure pgmig_upgrade_stepwise',
	'the log says why');
must($admin, 'REVOKE EXECUTE ON FUNCTION pgmig_start(text, text, text) FROM stranger');

must($admin,
		'CREATE FUNCTION start_as_deploy() RETURNS bigint LANGUAGE sql SECURITY DEFINER'
	  . ' SET search_path = public, pg_temp RETURN pgmig_start();'
	  . ' ALTER FUNCTION start_as_deploy() OWNER TO deploy');
foreach my $caller ($stranger, $admin)
{
	refused(
		$caller, 'SELECT start_as_deploy()',
		'42501',
		qr/pgmig_start\(\) cannot be used in a security-restricted operation\nDETAIL.*\nHINT/,
		'in a SECURITY DEFINER function');
}

# A session user who cannot log in
must($admin, 'SET SESSION AUTHORIZATION deploy');
$run = ask($admin, 'SELECT pgmig_start()');
if ($admin->{state} eq '00000')
{
	is(ended($run), 'done', 'SET SESSION AUTHORIZATION to a role that cannot log in');
}
else
{
	like(
		$admin->{err},
		qr/ERROR:  the background worker could not start\nHINT:  The server's log says why\./,
		'SET SESSION AUTHORIZATION to a role that cannot log in');
	like(
		slurp_file($node->logfile),
		qr/FATAL:  role "deploy" is not permitted to log in/,
		q{... and the server's log says why});
}
must($admin, 'RESET SESSION AUTHORIZATION');
is(must($observer, q{SELECT count(*) FROM pgmig.run WHERE outcome = 'running'}), '0', 'nothing is left over');

# Rights that the caller has put off must be out of the body's reach.
my $evil = document('evil', '', up => 'RESET ROLE; ALTER ROLE deploy SUPERUSER;');

sub is_harmless
{
	my ($name) = @_;

	wait_until(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'pgmig'});
	is(must($observer, q{SELECT rolsuper FROM pg_roles WHERE rolname = 'deploy'}), 'f', $name);
	must($admin, 'ALTER ROLE deploy NOSUPERUSER');
	return;
}

history($admin, $evil);
$alice = session('postgres', 'alice');
must($alice, 'SET ROLE deploy');
$run = must($alice, 'SELECT pgmig_start()');
is(ended($run), 'failed', 'a body gets no rights that the session has not');
is_harmless('... and changes nothing');
history($admin, $evil);
must($alice, 'CREATE TABLE trap AS SELECT 1 AS id');
must(
	$alice, q{CREATE FUNCTION trap(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
	$$BEGIN IF session_user <> 'alice' THEN PERFORM public.pgmig_start(); END IF; RETURN $1; END$$});
must($alice, 'CREATE INDEX ON trap (trap(id))');
refused(
	$admin, 'ANALYZE trap', '42501',
	qr/pgmig_start\(\) cannot be used in a security-restricted operation/,
	'a superuser analyzes a table with an index on a function that starts a run');
is_harmless('... which does not run');
must($alice, 'DROP TABLE trap; DROP FUNCTION trap(int)');

#
# What a run reports is kept, and reported again by pgmig_wait.
#
sub chatty
{
	my ($id) = @_;

	return
		"DO \$do\$ BEGIN RAISE NOTICE 'notice of $id: 100%% %', 'ä'"
	  . q{ USING DETAIL = 'its detail', HINT = 'its hint';}
	  . q{ RAISE WARNING SQLSTATE '01ABC' USING MESSAGE = 'a warning'; RAISE INFO 'an info';}
	  . q{ RAISE LOG 'a log'; RAISE DEBUG 'a debug'; END $do$;};
}
my $fail =
  q{DO $do$ BEGIN RAISE 'böse %%s' USING ERRCODE = 'ZZ123', DETAIL = E'its\ndetail', HINT = 'its hint'; END $do$;};
history(
	$admin,
	document('says', '', up => chatty('says')),
	document('fails', 'says', up => "SELECT 1;\n" . chatty('fails') . "\n$fail"),
	document('never', 'fails', up => 'SELECT 1;'));
$run = must($admin, q{SELECT pgmig_start(tag => 'talk')});
is(ended($run), 'failed', 'a run that fails');
ask($admin, "CALL pgmig_wait($run)");
is($admin->{state}, 'ZZ123', 'pgmig_wait raises the error with its SQLSTATE');
my $reported = $admin->{err};
like(
	$reported,
	qr/ERROR:  böse %s\nDETAIL:  its\ndetail\nHINT:  its hint\nCONTEXT:  PL\/pgSQL function inline_code_block line 1 at RAISE\npgmig upgrade of revision "fails", statement 3 of 3, line 3\n/,
	'... with detail, hint and context');
like(
	$reported,
	qr/^NOTICE:  Running upgrade  -> says, says\nNOTICE:  notice of says: 100% ä/,
	'... after the notices');
like(
	$reported,
	qr/NOTICE:  notice of fails: 100% ä\nDETAIL:  its detail\nHINT:  its hint\nCONTEXT:  PL.*?\npgmig upgrade of revision "fails", statement 2 of 3, line 2\nWARNING:  a warning\n/s,
	'... with their details, those of the step that failed, too');
unlike($reported, qr/:  (a log|a debug)/, 'no LOG and no DEBUG');
like($reported, qr/:  an info/, 'INFO, as of VACUUM VERBOSE');
ask($observer, "CALL pgmig_wait($run)");
is($observer->{state}, 'ZZ123', 'another waiter gets the error');
is($observer->{err}, $reported, '... and all messages');
ask($observer, "SET client_min_messages = error\\; CALL pgmig_wait($run)");
is($observer->{state}, '25001', 'CALL pgmig_wait in a string of statements');
must($observer, 'SET client_min_messages = error');
ask($observer, "CALL pgmig_wait($run)");
like($observer->{err}, qr/^ERROR/, 'client_min_messages of the waiter counts');
must($observer, 'RESET client_min_messages');
is( must(
		$observer,
		q{SELECT string_agg(concat_ws('|', severity, sqlstate, message, detail, hint), E'\n' ORDER BY ordinal)}
		  . " FROM pgmig.run_message WHERE run = $run AND severity <> 'INFO' AND message NOT LIKE '%of says%'"
	),
	join("\n",
		'NOTICE|00000|Running upgrade  -> says, says',
		'WARNING|01ABC|a warning',
		'NOTICE|00000|Running upgrade says -> fails, fails',
		'NOTICE|00000|notice of fails: 100% ä|its detail|its hint',
		'WARNING|01ABC|a warning',
		"ERROR|ZZ123|böse %s|its\ndetail|its hint"),
	'pgmig.run_message');
is( must(
		$observer,
		"SELECT operation, outcome, sqlstate, error, mode, tag, ended_at >= started_at FROM pgmig.run WHERE run = $run"
	),
	'upgrade|failed|ZZ123|böse %s|worker|talk|t',
	'pgmig.run');
is( must(
		$observer,
		"SELECT step, revision, direction, statements_done, statements_total, outcome, sqlstate, message, statement, line FROM pgmig.run_step WHERE run = $run ORDER BY step"
	),
	"1|says|upgrade|1|1|done||||\n2|fails|upgrade|0|3|failed|ZZ123|böse %s|3|3",
	'pgmig.run_step');
is(must($observer, "SELECT revision, outcome, error FROM pgmig_log() WHERE run = $run"),
	"fails|failed|böse %s\nsays|done|", 'pgmig_log');
is(must($observer, 'SELECT current, applied, pending FROM pgmig_status()'),
	'{says}|1|2', 'what was done before the error stays');

# A role that has nothing to do with the role of the run
must($admin, 'GRANT EXECUTE ON PROCEDURE pgmig_wait(bigint, interval, text) TO stranger');
ask($stranger, "CALL pgmig_wait($run)");
is($stranger->{state}, 'ZZ123', 'a stranger who may wait gets the error');
like($stranger->{err}, qr/ERROR:  böse %s\n$/, '... and the message');
unlike($stranger->{err}, qr/DETAIL|HINT|CONTEXT/, '... but nothing that may have come out of tables');
must($admin, 'REVOKE EXECUTE ON PROCEDURE pgmig_wait(bigint, interval, text) FROM stranger');

# Somebody has tidied up pgmig.run_message.
must($admin, "DELETE FROM pgmig.run_message WHERE run = $run");
ask($admin, "CALL pgmig_wait($run)");
is($admin->{state}, '57000', 'a failed run without messages');
like($admin->{err}, qr/ERROR:  run $run has failed\nHINT:  pgmig_log\(\) has its error\./, '... has failed');

# Targets
foreach my $bad (
	[ q{'nowhere'}, '42704', qr/"nowhere" does not exist/ ],
	[ q{'says:never'}, '22023', qr/a range is not allowed here/ ],
	[ q{'+9'}, 'MG006', qr/relative target "\+9" leads too far\nDETAIL.*\nHINT/ ],
	[ q{'base', 'downgrade', NULL}, '00000', qr/^NOTICE:  Running downgrade says/ ])
{
	$run = must($admin, "SELECT pgmig_start($bad->[0])");
	ask($admin, "CALL pgmig_wait($run)");
	like($admin->{state}, qr/^$bad->[1]$/, "target $bad->[0]");
	like($admin->{err}, $bad->[2], '... and what pgmig_wait says');
}
refused($admin, 'SELECT pgmig_start(NULL)', '22004', qr/target must not be null/, 'target null');
refused($admin, q{SELECT pgmig_start('head', 'sideways')},
	'22023', qr/invalid direction: "sideways"\nHINT/, 'direction');
refused($admin, q{SELECT pgmig_start('head', NULL)}, '22023', qr/invalid direction/, 'direction null');

# Many messages
history(
	$admin,
	document(
		'loud', '',
		up => q{DO $do$ BEGIN FOR i IN 1 .. 1500 LOOP RAISE NOTICE 'notice %', i; END LOOP; END $do$;}));
$run = must($admin, 'SELECT pgmig_start()');
ask($admin, "CALL pgmig_wait($run)");
like($admin->{err}, qr/NOTICE:  notice 1\n/, 'many notices');
like($admin->{err}, qr/NOTICE:  notice 1500\n/, '... all of them');

#
# pgmig_wait
#
history(
	$admin,
	document('first', '', up => 'CREATE TABLE waited (id int); INSERT INTO waited VALUES (1);'),
	document('second', 'first', up => gate(1)),
	document(
		'third', 'second',
		mark => 1,
		up => 'CREATE INDEX CONCURRENTLY waited_id ON waited (id);' . gate(1)));
must($gate, 'SELECT pg_advisory_lock(1)');
$run = must($admin, 'SELECT pgmig_start()');
held($run);
is(ask($admin, "CALL pgmig_wait($run, '10 ms')"), 'running', 'the timeout comes first');
like($admin->{err}, qr/Running upgrade  -> first, first/, '... and what is committed is reported');
is(ask($admin, "CALL pgmig_wait($run, '-1 day')"), 'running', 'a timeout that is over');
refused(
	$admin, "CALL pgmig_wait($run, '300000 years')",
	'22008',
	qr/timestamp out of range/,
	'a timeout too long');
refused($admin, 'CALL pgmig_wait(NULL)', '22004', qr/run must not be null\nHINT/, 'wait for null');
refused($admin, 'CALL pgmig_wait(123456)', '42704', qr/run 123456 does not exist\nHINT/, 'wait for nothing');
refused(
	$admin, "DO \$\$ DECLARE o text; BEGIN CALL pgmig_wait($run, NULL, o); END \$\$",
	'25001', qr/pgmig_wait\(\) cannot be called by a procedure or a DO block/,
	'wait in DO');
must($admin, 'BEGIN');
refused(
	$admin, "CALL pgmig_wait($run)",
	'25001',
	qr/pgmig_wait\(\) cannot run inside a transaction block/,
	'wait in BEGIN');
unlike($admin->{err}, qr/commits each revision|pgmig_upgrade\(\)/, 'wait in BEGIN: advice that fits');
must($admin, 'ROLLBACK');

# Two wait while an index is built; a snapshot of theirs would stop it.
my $waiter = session('postgres');
request($_, "CALL pgmig_wait($run)") foreach $admin, $waiter;
poll(q{SELECT count(*) = 2 FROM pg_stat_activity WHERE query LIKE 'CALL pgmig_wait%' AND state = 'active'},
	'two wait');
is( must(
		$observer,
		q{SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CALL pgmig_wait%' AND wait_event_type = 'Lock'}
	),
	'0',
	'not for a lock');
must($gate, 'SELECT pg_advisory_unlock(1)');
is(answer($_), 'done', 'it ends while they wait') foreach $admin, $waiter;
like($waiter->{err}, qr/third, third\n$/, 'with all notices');
ok(must($observer, q{SELECT indisvalid FROM pg_index WHERE indexrelid = 'waited_id'::regclass}),
	'the index is built');
is(ask($admin, "CALL pgmig_wait($run, NULL, 'x')"), 'done', 'waiting again, when all is over');

# Waiting can be cancelled, and is subject to the statement timeout.
must($gate, 'SELECT pg_advisory_lock(1)');
must($admin, q{SELECT pgmig_stamp('first')});
must($admin, 'DROP INDEX waited_id');
$run = must($admin, 'SELECT pgmig_start()');
held($run);
must($waiter, q{SET statement_timeout = '50ms'});
refused(
	$waiter, "CALL pgmig_wait($run)",
	'57014',
	qr/statement timeout/,
	'the statement timeout of the waiter');
is(must($observer, "SELECT outcome FROM pgmig.run WHERE run = $run"), 'running', 'the run goes on');

#
# pgmig_cancel
#
my $bob = session('postgres', 'bob');
must($bob, 'SET ROLE deploy');
refused(
	$bob, "SELECT pgmig_cancel($run)",
	'42501',
	qr/must be |permission denied to cancel/,
	q{cancel another one's run});
is(must($observer, "SELECT outcome FROM pgmig.run WHERE run = $run"), 'running', 'it still runs');
refused($admin, 'SELECT pgmig_cancel(NULL)', '22004', qr/run must not be null\nHINT/, 'cancel null');
refused($admin, 'SELECT pgmig_cancel(123456)', '42704', qr/run 123456 does not exist\nHINT/,
	'cancel nothing');
is(must($admin, "SELECT pgmig_cancel($run)"), 't', 'cancel');
ask($admin, "CALL pgmig_wait($run)");
is($admin->{state}, '57014', 'the run is cancelled');
like(
	$admin->{err},
	qr/ERROR:  canceling statement due to user request\nCONTEXT:  (?:waiting for .*\n)?pgmig upgrade of revision "second", statement 1 of 1, line 1/,
	'... and says where');
is(must($admin, "SELECT pgmig_cancel($run)"), 'f', 'cancel a run that is over');
is(must($observer, "SELECT outcome, sqlstate FROM pgmig.run WHERE run = $run"), 'failed|57014', 'in the log');
is(must($observer, q{SELECT runner_pid IS NULL FROM pgmig_status()}), 't', 'nobody runs');

# The role that has started a run, with SET ROLE, cancels it and sees it.
$run = must($alice, 'SELECT pgmig_start()');
held($run);
is( must($alice, 'RESET ROLE; SELECT sql FROM pgmig_progress()'),
	'SELECT pg_advisory_xact_lock(1)',
	'its session user sees what runs');
must($alice, 'SET ROLE deploy');
TODO:
{
	local $TODO = 'the worker is a process of the session user';
	is( must($alice, 'SELECT sql FROM pgmig_progress()'),
		'SELECT pg_advisory_xact_lock(1)',
		'the role of the run sees what runs');
	is(ask($alice, "SELECT pgmig_cancel($run)"), 't', 'the role of the run cancels it');
}
must($admin, "SELECT pgmig_cancel($run)");
is(ended($run), 'failed', 'cancelled');
must($admin, 'GRANT EXECUTE ON FUNCTION pgmig_cancel(bigint) TO alice');
$run = must($alice, 'SELECT pgmig_start()');
held($run);
is(must($alice, "RESET ROLE; SELECT pgmig_cancel($run)"), 't', 'its session user cancels it');
is(ended($run), 'failed', 'cancelled');

# In the transaction that starts it, whatever was read before.
must($admin, 'BEGIN; SELECT count(*) FROM pg_stat_activity');
$run = must($admin, 'SELECT pgmig_start()');
held($run);
is(must($admin, "SELECT pgmig_cancel($run)"), 't', 'cancel in the transaction that starts it');
must($admin, 'COMMIT');
must($admin, "SELECT pgmig_cancel($run)");

# Runs that no process of pgmig works on
ended($run);
foreach my $mode ('transaction', 'script')
{
	$run = must($admin,
		"INSERT INTO pgmig.run (operation, target, mode, outcome) VALUES ('upgrade', 'x', '$mode', 'done') RETURNING run"
	);
	is(must($admin, "SELECT pgmig_cancel($run)"), 'f', "cancel a run of mode $mode");
	is(must($admin, "CALL pgmig_wait($run)"), 'done', 'wait for it');
}
TODO:
{
	local $TODO = 'a script has no process that pgmig_wait knows';
	$run = must($admin, q{INSERT INTO pgmig.run (operation, target) VALUES ('upgrade', 'x') RETURNING run});
	is(ask($observer, "CALL pgmig_wait($run, '0 s')"), 'running', 'wait for a script whose session is there');
	must($admin, "DELETE FROM pgmig.run WHERE run = $run");
}
must($gate, 'SELECT pg_advisory_unlock(1)');

#
# pgmig_progress and pg_stat_activity, as another session sees a run
#
my $progress =
  'SELECT revision, step, steps, statement, statements, sql, wait_event, phase, percent, blocked_by FROM pgmig_progress()';
must($admin,
		'CREATE TABLE big AS SELECT g AS id FROM generate_series(1, 20000) g; GRANT ALL ON big TO deploy;'
	  . ' CREATE FUNCTION slow(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS'
	  . ' $$BEGIN IF id = 10000 THEN PERFORM pg_advisory_lock(3); PERFORM pg_advisory_unlock(3); END IF; RETURN id; END$$'
);
my $do = "DO \$\$BEGIN\n\tPERFORM pg_advisory_xact_lock(2); -- ö\nEND\$\$";
my $index = 'CREATE INDEX CONCURRENTLY big_slow ON big (slow(id))';
my $id = 'prögress"\\{}%s';
history(
	$admin,
	document('before', '', up => 'SELECT 1;'),
	document($id, 'before', up => "SELECT 1;\n" . gate(1) . 'SELECT 2;'),
	document('do', $id, mark => 1, up => "SELECT 1;\n$do;"),
	document('index', 'do', mark => 1, up => "$index;"));
my $writer = session('postgres');
my ($gate_pid, $writer_pid) = map { must($_, 'SELECT pg_backend_pid()') } $gate, $writer;
must($gate, "SELECT pg_advisory_lock($_)") foreach 1 .. 3;
must($writer, q{SET application_name = 'the writer'; BEGIN; DELETE FROM big WHERE id = 1});
is(must($observer, 'SELECT count(*) FROM pgmig_progress()'), '0', 'no progress without a run');
$run = must($admin, 'SELECT pgmig_start()');
held($run);
is( must($observer, $progress),
	"$id|2|4|2|3|SELECT pg_advisory_xact_lock(1)|advisory|||{$gate_pid}",
	'progress of a transaction');
is( must(
		$observer,
		"SELECT p.run = $run, p.pid = r.pid, p.operation, p.started_at >= r.started_at, p.elapsed >= '0', p.elapsed < '1 min', p.wait_event_type FROM pgmig_progress() p, pgmig.run r WHERE r.run = $run"
	),
	't|t|upgrade|t|t|t|Lock',
	'... its run, process, times');
like(
	must($observer, 'SELECT blockers FROM pgmig_progress()'),
	qr/^Process $gate_pid blocks it: user "\w+", application "110_worker\.pl", client local, idle, query: SELECT pg_advisory_lock\(3\);$/,
	'... who blocks it');
is( must($observer, "SELECT query, state FROM pgmig.run JOIN pg_stat_activity USING (pid) WHERE run = $run"),
	"pgmig upgrade 2/4 $id 2/3: SELECT pg_advisory_xact_lock(1)|active",
	'pg_stat_activity.query');
is( must(
		$stranger,
		"SELECT run = $run, pid IS NOT NULL, operation, revision, step, sql, started_at, elapsed, wait_event, phase, blocked_by FROM pgmig_progress()"
	),
	"t|t|upgrade||||||||{$gate_pid}",
	'without privileges, no SQL of others');
like(
	must($stranger, 'SELECT blockers FROM pgmig_progress()'),
	qr/^Process $gate_pid blocks it: user "\w+", application "110_worker\.pl"\.$/,
	'... and of the blockers not what they do');
must($admin, 'GRANT pg_read_all_stats TO stranger');
is(must($stranger, $progress), must($observer, $progress), 'pg_read_all_stats sees all');
must($admin, 'REVOKE pg_read_all_stats FROM stranger');
refused(
	$observer,
	q{SELECT pgmig_upgrade('head')},
	'55P03',
	qr/a stepwise migration run is in progress\nDETAIL:  It runs, or waits for another run, in process \d+\.\nHINT/,
	'SELECT meanwhile');

must($gate, 'SELECT pg_advisory_unlock(1)');
poll(q{SELECT revision = 'do' AND wait_event = 'advisory' FROM pgmig_progress()}, 'it comes to a DO');
is(must($observer, $progress), "do|3|4|2|2|$do|advisory|||{$gate_pid}", 'progress of a DO');
must($gate, 'SELECT pg_advisory_unlock(2)');

poll(q{SELECT phase = 'waiting for writers before build' AND wait_event IS NOT NULL FROM pgmig_progress()},
	'an index waits for a writer');
is( must($observer, $progress),
	"index|4|4|1|1|$index|virtualxid|waiting for writers before build|0.0|{$writer_pid}",
	'progress of the index: the writer');
like(
	must($observer, 'SELECT blockers FROM pgmig_progress()'),
	qr/^Process $writer_pid blocks it: user "\w+", application "the writer", client local, in a transaction for 00:00:\d\d, idle in transaction, query: .*DELETE FROM big WHERE id = 1;$/,
	'... its transaction');
must($writer, 'COMMIT');
poll(q{SELECT phase = 'building index: scanning table' AND wait_event = 'advisory' FROM pgmig_progress()},
	'the index is being built');
like(must($observer, 'SELECT percent FROM pgmig_progress()'), qr/^(4\d|50)\.\d$/, '... half of it');
is(must($stranger, 'SELECT phase, percent FROM pgmig_progress()'),
	'|', '... which without privileges one does not see');
must($writer, 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
must($gate, 'SELECT pg_advisory_unlock(3)');
poll(q{SELECT phase = 'waiting for old snapshots' AND wait_event IS NOT NULL FROM pgmig_progress()},
	'the index waits for a snapshot');
is(must($observer, 'SELECT blocked_by FROM pgmig_progress()'), "{$writer_pid}", '... of the writer');
is(must($observer, 'SELECT percent FROM pgmig_progress()'), '0.0', '... none of one is done');
must($writer, 'COMMIT');
is(ended($run), 'done', 'the run is done');
is(must($observer, 'SELECT count(*) FROM pgmig_progress()'), '0', 'no progress any more');
is( must(
		$observer,
		'SELECT interrupted_revision IS NULL AND runner_pid IS NULL AND pending = 0 FROM pgmig_status()'),
	't',
	'pgmig_status');

# Long statements, cut in the middle of a character
foreach my $i (0 .. 3)
{
	my $long = "SELECT pg_advisory_xact_lock(1), '" . 'x' x $i . '🐘' x 1000 . q{'};

	history($admin, document('long', '', up => "$long;"));
	must($gate, 'SELECT pg_advisory_lock(1)');
	$run = must($admin, 'SELECT pgmig_start()');
	held($run);
	my $seen = must($observer, 'SELECT sql FROM pgmig_progress()');
	ok(length($seen) > 900 && index($long, $seen) == 0, 'the beginning of a long statement');
	must($gate, 'SELECT pg_advisory_unlock(1)');
	ended($run);
}

# Who blocks it is no process.
history($admin, document('prepared', '', up => 'LOCK TABLE big;'));
must($writer, q{BEGIN; DELETE FROM big WHERE id = 2; PREPARE TRANSACTION 'holds'});
$run = must($admin, 'SELECT pgmig_start()');
poll(q{SELECT blocked_by = '{0}' FROM pgmig_progress()}, 'a prepared transaction blocks it');
is( must($observer, 'SELECT blockers FROM pgmig_progress()'),
	'A prepared transaction blocks it, see pg_prepared_xacts.',
	'... as the blockers say');
must($writer, q{ROLLBACK PREPARED 'holds'});
is(ended($run), 'done', '... until it ends');

# In the pause after a lock timeout
history($admin, document('pauses', '', up => "SELECT 1;\nLOCK TABLE big;"));
must($writer, 'BEGIN; LOCK TABLE big');
$run = must($bob, q{SET pgmig.lock_timeout = '2s'; SELECT pgmig_start()});
poll(
	q{SELECT revision = 'pauses' AND statement = 2 AND sql ~ '^pause before attempt \d of 11$' AND wait_event = 'Extension' FROM pgmig_progress()},
	'progress in the pause');
ask($observer, "CALL pgmig_wait($run, '0 s')");
like(
	$observer->{err},
	qr/lock timeout in upgrade of revision "pauses", statement 2, trying again/,
	'pgmig_wait in the pause');
is(must($observer, "SELECT pgmig_cancel($run)"), 't', 'cancel in the pause');
is(ended($run), 'failed', '... ends it at once');
ask($observer, "CALL pgmig_wait($run)");
is($observer->{state}, '57014', '... as cancelled');
like(
	$observer->{err},
	qr/NOTICE:  lock timeout in upgrade of revision "pauses", statement 2, trying again \(1 of 10\)\nDETAIL:  Process $writer_pid blocks it: user "\w+", application "the writer"\./,
	'... and the retries are reported');
must($writer, 'ROLLBACK');

#
# Two starts, and nothing to do
#
history($admin, document('slow', '', up => gate(1)), document('last', 'slow', up => 'SELECT 1;'));
must($gate, 'SELECT pg_advisory_lock(1)');
$run = must($admin, 'SELECT pgmig_start()');
held($run);
my $second = must($admin, 'SELECT pgmig_start()');
poll(
	"SELECT wait_event = 'advisory' AND pg_blocking_pids(a.pid) = ARRAY[(SELECT pid FROM pgmig.run WHERE run = $run)] FROM pgmig.run JOIN pg_stat_activity a USING (pid) WHERE run = $second",
	'the second waits for the first');
is(must($observer, 'SELECT run FROM pgmig_progress()'), $run, 'progress is that of the first');
is(ask($observer, "CALL pgmig_wait($second, '0 s')"), 'running', 'the second counts as running');
must($gate, 'SELECT pg_advisory_unlock(1)');
is(ask($observer, "CALL pgmig_wait($second)"), 'done', 'the second is done');
unlike($observer->{err}, qr/Running/, '... without a step');
is( must($observer, "SELECT run, revision, outcome FROM pgmig_log() WHERE run >= $run"),
	"$second||done\n$run|last|done\n$run|slow|done",
	'the log of both');
$run = must($admin, 'SELECT pgmig_start()');
is(ask($observer, "CALL pgmig_wait($run)"), 'done', 'start when nothing is pending');
is($observer->{err}, '', '... reports nothing');

# One that waits is cancelled, and leaves the other alone.
must($admin, q{SELECT pgmig_stamp('base')});
must($gate, 'SELECT pg_advisory_lock(1)');
$run = must($admin, 'SELECT pgmig_start()');
held($run);
$second = must($admin, 'SELECT pgmig_start()');
poll("SELECT wait_event = 'advisory' FROM pgmig.run JOIN pg_stat_activity USING (pid) WHERE run = $second",
	'the second waits');
must($admin, "SELECT pgmig_cancel($second)");
ask($observer, "CALL pgmig_wait($second)");
is($observer->{state}, '57014', 'it is cancelled');
like($observer->{err}, qr/while waiting for the migration run of process \d+/, '... while it waits');
must($gate, 'SELECT pg_advisory_unlock(1)');
is(ended($run), 'done', 'the first is not');

# The caller gives up while the worker cannot record the run.
must($admin, q{SELECT pgmig_stamp('slow')});
must($writer, 'BEGIN; LOCK TABLE pgmig.run IN SHARE ROW EXCLUSIVE MODE');
must($admin, q{SET statement_timeout = '100ms'});
refused(
	$admin, 'SELECT pgmig_start()',
	'57014',
	qr/statement timeout/,
	'a start that has to wait is cancelled');
must($admin, 'RESET statement_timeout');
must($writer, 'ROLLBACK');
poll(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'pgmig'}, 'no worker is left');
is(must($observer, 'SELECT current FROM pgmig_status()'), '{slow}', '... and nothing was run');
must($admin, q{SET pgmig.lock_timeout = '100ms'});
must($admin, 'BEGIN; LOCK TABLE pgmig.run');
refused(
	$admin, 'SELECT pgmig_start()',
	'55P03',
	qr/the background worker could not start the run: canceling statement due to lock timeout/,
	'a start that would wait for its own transaction');
must($admin, 'ROLLBACK');
must($admin, 'RESET pgmig.lock_timeout');
wait_until(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'pgmig'});

# A run of another session's CALL
must($admin, q{SELECT pgmig_stamp('base')});
must($gate, 'SELECT pg_advisory_lock(1)');
request($writer, 'CALL pgmig_upgrade_stepwise()');
poll(q{SELECT wait_event = 'advisory' FROM pgmig_progress()}, 'a CALL runs');
$run = must($observer, 'SELECT run FROM pgmig_progress()');
is(ask($observer, "CALL pgmig_wait($run, '0 s')"), 'running', 'pgmig_wait for a CALL');
is(must($admin, "SELECT pgmig_cancel($run)"), 't', 'pgmig_cancel of a CALL');
answer($writer);
is($writer->{state}, '57014', '... which ends it');
ask($observer, "CALL pgmig_wait($run)");
is($observer->{state}, '57014', '... for who waits, too');

# Timeouts: of a statement of a body, of waiting for another run
must($admin, q{SET pgmig.statement_timeout = '100ms'});
$run = must($admin, 'SELECT pgmig_start()');
ask($observer, "CALL pgmig_wait($run)");
is($observer->{state}, '57014', 'pgmig.statement_timeout');
like(
	$observer->{err},
	qr/ERROR:  canceling statement due to statement timeout\nCONTEXT:  (?:waiting for .*\n)?pgmig upgrade of revision "slow", statement 1 of 1/,
	'... in a body');
must($admin, 'RESET pgmig.statement_timeout');
$run = must($admin, 'SELECT pgmig_start()');
held($run);
must($admin, q{SET lock_timeout = '50ms'});
$second = must($admin, 'SELECT pgmig_start()');
ask($observer, "CALL pgmig_wait($second)");
is($observer->{state}, '55P03', 'lock_timeout, while another run works');
like($observer->{err}, qr/while waiting for the migration run of process \d+/, '... says so');
must($admin, 'RESET lock_timeout');
must($gate, 'SELECT pg_advisory_unlock(1)');
is(ended($run), 'done', '... which is done');

# Many short ones, each with a waiter at once: none is taken for interrupted.
my $wrong = 0;
foreach my $i (1 .. 60)
{
	must($admin, q{SELECT pgmig_stamp('slow')}) if $i % 2;
	$run = must($admin, 'SELECT pgmig_start()');
	request($waiter = $i % 3 ? $observer : $writer, "CALL pgmig_wait($run)");
	my $out = answer($waiter);
	next if $out eq 'done';
	$wrong++;
	diag($waiter->{err});
}
is($wrong, 0, '60 short runs');

#
# pgmig_start in transactions of all kinds
#
must($admin, q{SELECT pgmig_stamp('slow')});
must($admin, 'BEGIN');
$run = must($admin, 'SELECT pgmig_start()');
must($admin, 'ROLLBACK');
is(ended($run), 'done', 'the transaction that starts a run is rolled back: it runs all the same');
must($admin, q{SELECT pgmig_stamp('slow')});
ask($admin, q{DO $$ BEGIN PERFORM pgmig_start(); RAISE 'no'; END $$});
poll(q{SELECT current = '{last}' FROM pgmig_status()}, '... and also if it fails');

foreach my $sql ('BEGIN READ ONLY', 'BEGIN; SET TRANSACTION READ ONLY')
{
	must($admin, $sql);
	refused($admin, 'SELECT pgmig_start()',
		'25006', qr/cannot execute pgmig_start\(\) in a read-only transaction/, $sql);
	must($admin, 'ROLLBACK');
}
must($admin, 'SET default_transaction_read_only = on');
refused($admin, 'SELECT pgmig_start()', '25006', qr/cannot execute pgmig_start\(\)/, 'read-only by default');
is(ask($admin, "CALL pgmig_wait($run)"), 'done', '... but pgmig_wait writes nothing');
must($admin, 'RESET default_transaction_read_only');
history($admin, document('nested', '', up => 'SELECT pgmig_start();'));
$run = must($admin, 'SELECT pgmig_start()');
ask($admin, "CALL pgmig_wait($run)");
is($admin->{state}, 'MG012', 'a body cannot start a run');
like($admin->{err}, qr/pgmig_start\(\) cannot be used in a migration body/, '... and is told so');
history($admin, document('applied', '', up => 'SELECT 1;'));
must($admin, 'SELECT pgmig_upgrade()');
must($admin, 'BEGIN');
import($admin, document('mine', 'applied', up => 'SELECT 1;'));
$run = must($admin, 'SELECT pgmig_start()');
must($admin, 'COMMIT');
ended($run);
TODO:
{
	local $TODO = 'the worker does not see what this transaction has loaded';
	is(must($observer, 'SELECT pending FROM pgmig_status()'), '0', 'import and start in one transaction');
}

#
# NOTIFY
#
my $listener = session('postgres');
must($listener, 'LISTEN pgmig');
my $scope = 'sc"o\\pe; ä{}';
my @ids = ('a"b', 'c\\d', "e'f", 'g{}[]', 'ö🐘', '</x>$1%s', 'x' x 255);
my @history;
push @history, document($ids[$_], $_ ? $ids[ $_ - 1 ] : '', up => 'SELECT 1;') foreach 0 .. $#ids;
push @history, document('part', $ids[-1], mark => 1, up => 'SELECT 1;' . gate(1) . 'SELECT 2;');
my $schema = $scope =~ s/"/""/gr;
must($admin, qq{CREATE SCHEMA "$schema"});
history($admin, @history);
must($admin, 'SET pgmig.scope = ' . "'$scope'");

# The messages since the last call, decoded by the server.
sub notified
{
	my $out = ask($listener, 'SELECT 1');
	my $list = '';

	foreach my $payload ($out =~
		/^Asynchronous notification "pgmig" with payload "(.*)" received from server process with PID \d+\.$/mg
	  )
	{
		$list .= must($observer,
			"SELECT json_build_array((p->>'run')::bigint, p->>'revision', p->>'direction', p->>'scope', (SELECT count(*) FROM json_object_keys(p))) FROM (SELECT \$p\$$payload\$p\$::json p) x"
		) . "\n";
	}
	return $list;
}

sub expected
{
	my ($direction, @revisions) = @_;
	return join(
		'',
		map {
			must($observer, "SELECT json_build_array($run, \$i\$$_\$i\$, '$direction', '$scope', 4)") . "\n"
		} @revisions);
}

must($gate, 'SELECT pg_advisory_lock(1)');
$run = must($admin, 'SELECT pgmig_start()');
held($run);
is(notified(), expected('upgrade', @ids), 'a message a revision, when it commits');
must($gate, 'SELECT pg_advisory_unlock(1)');
ended($run);
is(notified(), expected('upgrade', 'part'), 'a section that commits in between: one at its end');
is(must($observer, q{SELECT count(*) FROM pgmig.applied}), '8', '... all applied');
must($admin, q{SELECT pgmig_stamp('} . $ids[0] =~ s/'/''/gr . q{')});
is(notified(), '', 'none of a stamp');
must($admin, "BEGIN; SELECT pgmig_upgrade(E'" . ($ids[2] =~ s/'/''/gr) . "')");
is(notified(), '', 'SELECT: none before the commit');
must($admin, 'COMMIT');
$run = must($observer, 'SELECT max(run) FROM pgmig.run');
is(notified(), expected('upgrade', @ids[ 1, 2 ]), 'SELECT: a message a revision at the commit');
must($admin, "BEGIN; SELECT pgmig_downgrade('base'); ROLLBACK");
is(notified(), '', 'rollback: none');
must($admin, "SELECT pgmig_downgrade('base')");
$run = must($observer, 'SELECT max(run) FROM pgmig.run');
is(notified(), expected('downgrade', @ids[ 2, 1, 0 ]), 'downgrade');
must($admin, 'SET pgmig.notify = off');
must($admin, "SELECT pgmig_upgrade('+1')");
$run = must($admin, q{SELECT pgmig_start('+1')});
ended($run);
is(notified(), '', 'pgmig.notify = off, in both kinds of run');
must($admin, q{BEGIN; SELECT pgmig_upgrade('+1'); PREPARE TRANSACTION 'p'});
must($admin, q{COMMIT PREPARED 'p'});
is(notified(), '', '... PREPARE TRANSACTION works with it');
must($admin, 'RESET pgmig.notify');
must($admin, q{BEGIN; SELECT pgmig_upgrade('+1')});
refused(
	$admin, q{PREPARE TRANSACTION 'p'},
	'0A000',
	qr/cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY/,
	'PREPARE TRANSACTION otherwise');
must($admin, 'RESET pgmig.scope');
quit($listener);

#
# A database, a schema and a role that have to be quoted
#
my $odd = q{d b"';ö\\};
must($admin, q{CREATE ROLE "r o;le""'" LOGIN});
must($admin, q{CREATE DATABASE "d b""';ö\\"});
my $there = session($odd);
must($there,
	q{CREATE SCHEMA "my;sche""ma"; CREATE EXTENSION pgmig SCHEMA "my;sche""ma"; SET search_path = "my;sche""ma", public}
);
must($there, q{SELECT pgmig_grant('r o;le"''', 'runner'); GRANT CREATE ON SCHEMA public TO "r o;le""'"});
import(
	$there,
	document(
		'up', '',
		up => 'CREATE TABLE public.made AS SELECT current_user, current_database();',
		down => 'DROP TABLE public.made;'));
must($there, q{SET ROLE "r o;le""'"; SET search_path = ''});
$run = must($there, q{SELECT "my;sche""ma".pgmig_start()});
is(ask($there, qq{CALL "my;sche""ma".pgmig_wait($run)}), 'done', 'names that have to be quoted');
is(must($there, 'SELECT * FROM public.made'), qq{r o;le"'|$odd}, '... are found');
$run = must($there, q{SELECT "my;sche""ma".pgmig_start('base', 'downgrade')});
is(ask($there, qq{CALL "my;sche""ma".pgmig_wait($run)}), 'done', 'downgrade');
is(must($there, q{SELECT to_regclass('public.made') IS NULL}), 't', '... is done');
quit($there);
must($admin, q{DROP DATABASE "d b""';ö\\"});

#
# A standby
#
$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->start;
my ($rc, $out, $err) = $standby->psql('postgres', 'SELECT pgmig_start()');
like($err, qr/cannot execute pgmig_start\(\) in a read-only transaction/, 'start on a standby');
($rc, $out, $err) = $standby->psql('postgres', 'SELECT * FROM pgmig_progress()');
is("$rc|$out", '0|', '... where there is no progress');
history($admin, document('there', '', mark => 1, up => "SELECT 1;\n" . gate(1)));
must($gate, 'SELECT pg_advisory_lock(1)');
$run = must($admin, 'SELECT pgmig_start()');
held($run);
$node->wait_for_catchup($standby);
($rc, $out, $err) = $standby->psql('postgres', "CALL pgmig_wait($run, '0 s')");
like($err, qr/cannot execute pgmig_wait\(\) during recovery/, 'wait on a standby');
is($standby->safe_psql('postgres', 'SELECT interrupted_revision IS NULL FROM pgmig_status()'),
	't', '... and has no half-done revision in its status');
must($gate, 'SELECT pg_advisory_unlock(1)');
is(ended($run), 'done', 'it is done');
$standby->stop('immediate');

#
# Runs that are interrupted
#
history(
	$admin,
	document('done', '', up => 'SELECT 1;'),
	document(
		'half', 'done',
		mark => 1,
		up => 'CREATE TABLE half (id int);' . gate(1) . 'INSERT INTO half VALUES (1);'),
	document('rest', 'half', up => 'CREATE TABLE rest ();'));
must($gate, 'SELECT pg_advisory_lock(1)');
$run = must($admin, 'SELECT pgmig_start()');
held($run);
request($waiter = session('postgres'), "CALL pgmig_wait($run)");
poll(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'CALL pgmig_wait%' AND state = 'active'},
	'somebody waits');
must($admin, "SELECT pg_terminate_backend(pid) FROM pgmig.run WHERE run = $run");
answer($waiter);
is($waiter->{state}, '57000', 'terminated: an error for who waits');
like(
	$waiter->{err},
	qr/ERROR:  run $run was interrupted\nDETAIL:  Its process is gone\.\nHINT:  Start another run: it continues where this one stopped\.\n$/,
	'... which says what to do');
ask($observer, "CALL pgmig_wait($run)");
is($observer->{state}, $waiter->{state}, '... and for who comes later');
is(must($observer, "SELECT pgmig_cancel($run)"), 'f', 'cancel: it does not run');
is(must($observer, 'SELECT count(*) FROM pgmig_progress()'), '0', 'no progress');
like(
	must(
		$observer,
		'SELECT interrupted_revision, interrupted_statement, interrupted_sql, interrupted_reason FROM pgmig_status()'
	),
	qr/^half\|2\|SELECT pg_advisory_xact_lock\(1\)\|process \d+ of run $run ended$/,
	'pgmig_status');
ask($observer, q{SELECT pgmig_upgrade('head')});
is($observer->{state}, 'MG013', 'SELECT does not go on');

# The next is killed by SIGKILL.
$second = must($admin, 'SELECT pgmig_start()');
held($second);
is(must($observer, "SELECT outcome FROM pgmig.run WHERE run = $run"),
	'interrupted', 'the next run marks it in the log');
is(must($observer, "SELECT revision, outcome FROM pgmig_log() WHERE run = $run"),
	"half|interrupted\ndone|done", '... and its step');
ask($observer, "CALL pgmig_wait($run)");
like($observer->{err}, qr/ERROR:  run $run was interrupted\n/, '... for who waits, too');
$pid = must($observer, "SELECT pid FROM pgmig.run WHERE run = $second");
kill 'KILL', $pid;

foreach my $session ($admin, $gate, $observer, $waiter, $writer, $alice, $bob, $stranger)
{
	ask($session, 'SELECT 1') until $session->{state} eq 'lost';
	quit($session);
}

# New sessions, as soon as the server has them.
sub reconnect
{
	my $deadline = time + $timeout;

	for (;;)
	{
		$observer = session('postgres');
		ask($observer, 'SELECT 1');
		last if $observer->{state} eq '00000';
		quit($observer);
		die 'the server does not come back' if time > $deadline;
		sleep 0.01;
	}
	($admin, $gate) = (session('postgres'), session('postgres'));
	return;
}
reconnect();
ask($observer, "CALL pgmig_wait($second)");
like($observer->{err}, qr/ERROR:  run $second was interrupted\n/, 'killed: interrupted');
must($gate, 'SELECT pg_advisory_lock(1)');
$run = must($admin, 'SELECT pgmig_start()');
held($run);

# The server is stopped.
$node->append_conf('postgresql.conf', 'max_worker_processes = 3');
$node->restart;
quit($_) foreach $admin, $gate, $observer;
reconnect();
ask($observer, "CALL pgmig_wait($run)");
like($observer->{err}, qr/ERROR:  run $run was interrupted\n/, 'server stopped: interrupted');
$second = must($admin, 'SELECT pgmig_start()');
is(ask($observer, "CALL pgmig_wait($second)"), 'done', 'another start finishes');
is( $observer->{err},
	"NOTICE:  Resuming upgrade done -> half, half, at statement 2 of 3\nNOTICE:  Running upgrade half -> rest, rest\n",
	'... what is left');
is( must(
		$observer,
		q{SELECT count(*), (SELECT count(*) FROM pgmig.run WHERE outcome = 'running'), to_regclass('rest') IS NOT NULL FROM half}
	),
	'1|0|t',
	'... once, and nothing is running in the log');
is( must(
		$observer,
		q{SELECT string_agg(outcome, ' ' ORDER BY run) FROM (SELECT * FROM pgmig.run ORDER BY run DESC LIMIT 4) r}
	),
	'interrupted interrupted interrupted done',
	'the log of it all');

#
# No background worker is free.  One of the three is the server's own.
#
history($admin, document('slow', '', up => gate(1)));
must($gate, 'SELECT pg_advisory_lock(1)');
$run = must($admin, 'SELECT pgmig_start()');
held($run);
my @started = ($run);
for (1 .. 9)
{
	my $number = ask($admin, 'SELECT pgmig_start()');

	last if $admin->{state} ne '00000';
	push @started, $number;
}
is($admin->{state}, '53400', 'no worker is free');
like(
	$admin->{err},
	qr/ERROR:  no background worker is free\nHINT:  Increase max_worker_processes, or use CALL pgmig_upgrade_stepwise\(\)\./,
	'... and says so');
is(must($observer, "SELECT count(*) FROM pgmig.run WHERE run >= $run"),
	scalar(@started), '... without a trace in the log');
ask($admin, q{SELECT pgmig_start('base', 'downgrade')});
is($admin->{state}, '53400', '... and again');
must($gate, 'SELECT pg_advisory_unlock(1)');
is(ask($observer, "CALL pgmig_wait($_)"), 'done', 'those that did start end') foreach @started;
poll(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'pgmig'}, 'all are gone');
$run = must($admin, q{SELECT pgmig_start()});
is(ended($run), 'done', 'then there is one for the next');

quit($_) foreach $admin, $gate, $observer;
$node->stop;
unlike(slurp_file($node->logfile), qr/TRAP:|PANIC:|terminated by signal (6|11)\b/, 'no crash');
done_testing();
