# CALL from all kinds of clients: psql, drivers, both protocols, what the
# session had before, what can be set and preloaded, and lost connections.

use strict;
use warnings FATAL => 'all';

use File::Basename;
use IO::Socket::UNIX;
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

my $data = dirname(__FILE__) . '/data/clients';
my $timeout = $PostgreSQL::Test::Utils::timeout_default || 180;
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(
	allows_streaming => 1,
	extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf(
	'postgresql.conf', qq{
fsync = off
autovacuum = off
max_connections = 40
log_statement = none
});
$node->start;
my ($major) = $node->safe_psql('postgres', 'SHOW server_version_num') =~ /^(\d+)\d{4}$/;

#
# Sessions
#

# A session in the background, that answers to ask().
sub session
{
	my ($options) = @_;
	my $session = { in => '', out => '', err => '' };

	$session->{timer} = IPC::Run::timeout($timeout);
	local $ENV{PGOPTIONS} = $options || '';
	$session->{run} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ],
		'<', \$session->{in}, '>', \$session->{out}, '2>', \$session->{err}, $session->{timer});
	return $session;
}

# Until it reports something, or is gone.
sub await_report
{
	my ($session, $pattern) = @_;

	eval { $session->{run}->pump until $session->{err} =~ $pattern || !$session->{run}->pumpable; };
	die $@ if $@ =~ /timeout/;
	return;
}

my $observer;

sub poll
{
	my ($sql, $name) = @_;
	my $deadline = time + $timeout;
	my $out;

	do
	{
		sleep 0.01 if defined $out;
		$out = must($observer, $sql);
	} until $out eq 't' || time > $deadline;
	is($out, 't', $name);
	return;
}

#
# Revisions
#

# A document; %option: up and down are bodies, mark is put behind "upgrade".
sub document
{
	my ($id, $parent, %option) = @_;
	my $mark = $option{mark} ? ' no-transaction' : '';
	my $down = $option{down} || '';

	return "-- $id\n--\n-- Revision ID: $id\n-- Revises: $parent\n\n"
	  . "-- pgmig: upgrade$mark\n$option{up}\n-- pgmig: downgrade$mark\n$down\n\n";
}

# The same history for every part: what there was is forgotten.
sub history
{
	must($observer, 'DELETE FROM pgmig.unfinished; DELETE FROM pgmig.applied; DELETE FROM pgmig.revision');
	must($observer, 'SELECT count(*) FROM pgmig_import($document$' . join('', @_) . '$document$)');
	return;
}

# Three revisions; the second fails while there is no table "wanted".
sub three
{
	history(
		document(
			'one', '',
			up => 'CREATE TABLE one (id int); INSERT INTO one VALUES (1);',
			down => 'DROP TABLE one;'),
		document(
			'two', 'one',
			mark => 1,
			up =>
			  "INSERT INTO one VALUES (2);\nCREATE INDEX CONCURRENTLY one_id ON one (id);\nALTER TABLE wanted ADD two int;",
			down =>
			  "DROP INDEX CONCURRENTLY one_id;\nALTER TABLE wanted DROP two;\nDELETE FROM one WHERE id = 2;"),
		document('three', 'two', up => 'CREATE TABLE three ();', down => 'DROP TABLE three;'));
	must($observer, 'DROP TABLE IF EXISTS one, wanted, three');
	return;
}

sub applied
{
	return must($observer, q{SELECT string_agg(revision, ' ' ORDER BY revision) FROM pgmig.applied});
}

# All is as after "head", and once.
sub is_complete
{
	my ($name) = @_;

	is( must(
			$observer,
			q{SELECT (SELECT string_agg(id::text, ' ' ORDER BY id) FROM one), indisvalid, to_regclass('three') IS NOT NULL, (SELECT count(*) FROM pgmig.applied), (SELECT count(*) FROM pgmig.unfinished) FROM pg_index WHERE indexrelid = 'one_id'::regclass}
		),
		'1 2|t|t|3|0',
		$name);
	return;
}

sub start_observer
{
	$observer = session();
	must($observer, 'SET client_min_messages = warning');
	return;
}

start_observer();
must($observer, 'CREATE EXTENSION pgmig');
my $upgrade = q{CALL pgmig_upgrade_stepwise('head')};
my $downgrade = q{CALL pgmig_downgrade_stepwise('base')};
my $hint = qr/cannot run inside a transaction block\nDETAIL:  .*\nHINT:  .*autocommit on/;

#
# psql
#
sub psql
{
	my ($in, @options) = @_;
	my ($out, $err) = ('', '');

	IPC::Run::run([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), @options ],
		'<', \$in, '>', \$out, '2>', \$err, IPC::Run::timeout($timeout));
	return ($out, $err, $? >> 8);
}

three();
must($observer, 'CREATE TABLE wanted ()');
my $file = PostgreSQL::Test::Utils::tempdir() . '/script.sql';
append_to_file($file, "$upgrade;\nSELECT 'next';\n");
my ($out, $err, $rc) = psql('', '-c', 'CALL pgmig_upgrade_stepwise()');
is( "$rc$err",
	"0NOTICE:  Running upgrade  -> one, one\nNOTICE:  Running upgrade one -> two, two\nNOTICE:  Running upgrade two -> three, three\n",
	'psql -c');
is_complete('... all of it');
($out, $err, $rc) = psql('', '-c', 'CALL pgmig_upgrade_stepwise()');
is("$rc$out$err", '0', 'nothing to do, and no output');
($out, $err, $rc) = psql('', '-c', $downgrade, '-c', $upgrade, '-c', 'SELECT 1');
is("$rc$out", "01\n", 'psql -c ... -c ...');
is_complete('... all of it');
psql("$downgrade;\n");
is(applied(), '', 'standard input');
($out, $err, $rc) = psql('', '-v', 'ON_ERROR_STOP=1', '-f', $file);
is("$rc$out", "0next\n", 'psql -f');
is_complete('... all of it');
($out, $err, $rc) = psql('', '-v', 'ON_ERROR_STOP=1', '-1', '-f', $file);
is($rc, 3, 'psql -1 -f');
like($err, $hint, '... is refused');

foreach
  my $string ("$downgrade; SELECT 1", "SELECT 1; $downgrade", "$downgrade; $upgrade", "BEGIN; $downgrade")
{
	($out, $err, $rc) = psql('', '-c', $string);
	is($rc, 1, "psql -c '$string'");
	like($err, $hint, '... is refused');
}
($out, $err, $rc) = psql("\\set AUTOCOMMIT off\n$downgrade;\n");
like($err, $hint, 'AUTOCOMMIT off is refused');
($out, $err, $rc) = psql("\\set AUTOCOMMIT off\nSELECT 1;\nCOMMIT;\n$downgrade;\n");
like($err, $hint, '... in whatever place');
($out, $err, $rc) = psql("SAVEPOINT s;\n$downgrade;\n");
is(applied(), '', 'a SAVEPOINT that failed does not matter');
psql("$upgrade;\n");
is_complete('nothing of this has done harm');

foreach my $do (
	$downgrade,
	"COMMIT; $downgrade",
	"PERFORM 1; BEGIN $downgrade; EXCEPTION WHEN division_by_zero THEN END")
{
	($out, $err, $rc) = psql("DO \$\$BEGIN $do; END\$\$;\n");
	like($err, qr/cannot (be called by a procedure or a DO block|run inside a transaction block)\n.*\nHINT/,
		"DO: $do");
}
($out, $err, $rc) = psql(
	"\\set ON_ERROR_ROLLBACK on\n\\set FETCH_COUNT 1\n$downgrade;\nCALL pgmig_upgrade_stepwise(tag => 't', target => 'heads');\n"
);
is($err =~ s/^NOTICE.*\n//gmr, '', 'ON_ERROR_ROLLBACK, FETCH_COUNT, named arguments');
is_complete('... all of it');
SKIP:
{
	my ($version) = `psql --version` =~ /(\d+)/;

	skip 'psql has no \\bind', 2 if $version < 16;
	($out, $err, $rc) = psql(
		"CALL pgmig_downgrade_stepwise(\$1) \\bind base \\g\nCALL pgmig_upgrade_stepwise(\$1, \$2) \\bind heads tag \\g\n"
	);
	is($err =~ s/^NOTICE.*\n//gmr, '', '\\bind');
	is_complete('... all of it');
}
($out, $err, $rc) = psql("$downgrade;\n", '-d', $node->connstr('postgres') . ' replication=database');
is($err =~ s/^NOTICE.*\n//gmr, '', 'a connection for replication');
is(applied(), '', '... can do it');

#
# The protocol
#

# A connection of our own
sub connect_raw
{
	my $socket = IO::Socket::UNIX->new(Peer => $node->host . '/.s.PGSQL.' . $node->port)
	  or die "connect: $!";
	my $raw = { socket => $socket };
	my $start = pack('N', 196608)
	  . join("\0", user => must($observer, 'SELECT session_user'), database => 'postgres', '', '');

	$socket->autoflush(1);
	print $socket pack('N', length($start) + 4) . $start;
	receive($raw);
	return $raw;
}

sub message
{
	my ($type, $body) = @_;

	return $type . pack('N', length($body) + 4) . $body;
}

sub parse    { return message('P', "$_[0]\0$_[1]\0" . pack('n', 0)); }
sub describe { return message('D', "$_[0]$_[1]\0"); }
sub execute  { return message('E', "$_[0]\0" . pack('N', $_[1] || 0)); }
sub sync     { return message('S', ''); }

sub bind_portal
{
	my ($portal, $statement, @parameters) = @_;

	return message('B',
			"$portal\0$statement\0"
		  . pack('n n', 0, scalar @parameters)
		  . join('', map { pack('N', length) . $_ } @parameters)
		  . pack('n', 0));
}

# All that comes up to the next ReadyForQuery, in short: tags, SQLSTATEs of
# errors, values of rows.  $raw->{notices} counts.
sub receive
{
	my ($raw) = @_;
	my @found;

	$raw->{notices} = 0;
	for (;;)
	{
		my ($head, $body) = ('', '');

		read($raw->{socket}, $head, 5) == 5 or return join(' ', @found, 'lost');
		my ($type, $length) = unpack('a N', $head);
		read($raw->{socket}, $body, $length - 4);
		push @found, unpack('Z*', $body) if $type eq 'C';
		push @found, "E$1" if $type eq 'E' && $body =~ /(?:^|\0)C(\w{5})\0/;
		push @found, '(' . join(',', unpack('x2 (N/a)*', $body)) . ')' if $type eq 'D';
		push @found, 'suspended' if $type eq 's';
		$raw->{notices}++ if $type eq 'N';
		return join(' ', @found, $body) if $type eq 'Z';
	}
}

sub transmit
{
	my ($raw, @messages) = @_;
	my $socket = $raw->{socket};

	print $socket @messages;
	return receive($raw);
}

# A statement as drivers send it, with parameters, unless they are text
sub extended
{
	my ($raw, $sql, @parameters) = @_;

	return transmit(
		$raw,
		parse('', $sql),
		bind_portal('', '', @parameters),
		describe('P', ''),
		execute(''), sync());
}

three();
my $raw = connect_raw();
is(transmit($raw, message('Q', "$upgrade\0")), 'E42P01 I', 'simple protocol, an error');
is($raw->{notices}, 2, '... after the notices');
is(applied(), 'one', '... what was done stays');
is(transmit($raw, message('Q', "CREATE TABLE wanted ()\0")), 'CREATE TABLE I', 'the connection goes on');
is(transmit($raw, message('Q', "$upgrade\0")), 'CALL I', 'simple protocol, success');
is_complete('... all of it');
is(extended($raw, 'CALL pgmig_downgrade_stepwise($1)', 'base'),
	'CALL I', 'extended protocol, with a parameter');
is(applied(), '', '... all of it');
is( transmit(
		$raw,
		parse('up', 'CALL pgmig_upgrade_stepwise($1, $2)'),
		describe('S', 'up'),
		parse('down', 'CALL pgmig_downgrade_stepwise($1)'), sync()),
	'I',
	'prepared statements');
must($observer, 'DROP TABLE wanted');

for (1 .. 6)
{
	is(transmit($raw, bind_portal('', 'up', 'head', 'tag'), execute(''), sync()), 'E42P01 I', 'one fails');
}
must($observer, 'CREATE TABLE wanted ()');
for (1 .. 6)
{
	is(transmit($raw, bind_portal('', 'up', 'head', 'tag'), execute(''), sync()),
		'CALL I', 'the same succeeds');
	is_complete('... all of it');
	is(transmit($raw, bind_portal('', 'up', 'head', 'tag'), execute(''), sync()),
		'CALL I', '... has nothing to do');
	is(transmit($raw, bind_portal('', 'up', 'nothing', 'tag'), execute(''), sync()), 'E42704 I', '... fails');
	is(transmit($raw, bind_portal('named', 'down', 'base'), execute('named', 1), sync()),
		'CALL I', '... a named portal with a row limit');
}
is(extended($raw, "SELECT pgmig_start('head')") =~ s/\d+/N/r, '(N) SELECT 1 I', 'pgmig_start');
is( transmit($raw, message('Q', "SELECT max(run) FROM pgmig.run\0")) =~ s/\D*(\d+).*/$1/r,
	must($observer, 'SELECT max(run) FROM pgmig.run'),
	'the run');
my $run = must($observer, 'SELECT max(run) FROM pgmig.run');
is(extended($raw, 'CALL pgmig_wait($1)', $run), '(done) CALL I', 'pgmig_wait, which returns a row');
is( transmit(
		$raw,
		parse('', "CALL pgmig_wait($run)"),
		bind_portal('p', ''),
		execute('p', 1),
		execute('p', 1), sync()),
	'(done) suspended CALL I',
	'... with a row limit');

# The catalogue changes under the prepared statement.
must($observer, 'DROP EXTENSION pgmig; CREATE EXTENSION pgmig');
three();
must($observer, 'CREATE TABLE wanted ()');
is(transmit($raw, bind_portal('', 'up', 'head', 'tag'), execute(''), sync()),
	'CALL I', 'the extension made anew');
is_complete('... all of it');

# Pipelines: what is sent without waiting is one transaction up to the Sync.
sub call { return (parse('', $_[0]), bind_portal('', ''), execute('')); }
is( transmit($raw, call('SELECT 1'), call($downgrade), call('SELECT 2'), sync()),
	'(1) SELECT 1 E25001 I',
	'behind another statement');
is( transmit($raw, call('INSERT INTO one VALUES (3)'), call($downgrade), sync()),
	'INSERT 0 1 E25001 I',
	'... that writes');
is_complete('... refused, and all is undone');
is( transmit($raw, call($downgrade), call('CREATE TABLE behind ()'), call('SELECT 1/0'), sync()),
	'CALL CREATE TABLE E22012 I',
	'before others');
is(applied(), '', '... the CALL is done');
is(must($observer, q{SELECT to_regclass('behind') IS NULL}), 't', '... and they are a transaction');
is(transmit($raw, call($upgrade), call($downgrade), sync()), 'CALL E25001 I', 'two of them: the first');
is_complete('... all of it');
is(transmit($raw, call($downgrade), sync(), call($upgrade), sync()),
	'CALL I', 'two of them, with a Sync each');
is(receive($raw), 'CALL I', '... the other');
is_complete('... all of it');
is(transmit($raw, call('BEGIN'), call($downgrade), call('COMMIT'), sync()), 'BEGIN E25001 E', 'behind BEGIN');
is(transmit($raw, message('Q', "ROLLBACK\0")), 'ROLLBACK I', '... rolled back');
is_complete('... nothing is done');
is( transmit($raw, call($downgrade), message('H', ''), call($downgrade), sync()),
	'CALL E25001 I',
	'with a Flush in between');

close $raw->{socket};

#
# Drivers.  What each is to say:
#
my $said = <<'EOS';
transaction: 25001 autocommit
autocommit: 00000
notices: ['Running upgrade  -> one, one']
applied: one
EOS
$said .= "error: 42P01\n" x 8;
$said .= <<'EOS' x 2;
success: 00000
applied: one three two
downgrade: 00000
applied: None
EOS
$said .= <<'EOS';
wait: 00000
outcome: done
EOS
my $pipeline = <<'EOS';
pipeline: 00000
applied: one three two
in a pipeline: 25001 autocommit
applied: one three two
EOS
foreach my $driver ('psycopg2', 'psycopg')
{
	my ($python) = grep { system("$_ -c 'import $driver' >/dev/null 2>&1") == 0 } 'python3',
	  '/usr/bin/python3';

  SKIP:
	{
		skip "Python has no $driver", 1 if !defined $python;
		three();
		my ($out, $err) = ('', '');

		local $ENV{PYTHONDONTWRITEBYTECODE} = 1;
		IPC::Run::run([ $python, "$data/driver.py", $driver, $node->connstr('postgres') ],
			'<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout($timeout));
		is($out . $err, $said . ($out =~ /^pipeline/m ? $pipeline : ''), $driver);
	}
}
SKIP:
{
	skip 'Perl has no DBD::Pg', 9 if !eval { require DBI; require DBD::Pg; 1 };
	three();
	my $dbh = DBI->connect('dbi:Pg:' . $node->connstr('postgres') =~ s/ /;/gr,
		'', '', { AutoCommit => 0, RaiseError => 0, PrintError => 0, PrintWarn => 0 });
	ok(!$dbh->do($upgrade), 'DBD::Pg, in a transaction');
	is($dbh->state, '25001', '... is refused');
	$dbh->rollback;
	$dbh->{AutoCommit} = 1;
	foreach my $prepare (0, 1)
	{
		my $sth = $dbh->prepare('CALL pgmig_upgrade_stepwise(?)', { pg_server_prepare => $prepare });

		must($observer, 'DROP TABLE IF EXISTS wanted');
		$sth->execute('head') for 1 .. 3;
		is($dbh->state, '42P01', "DBD::Pg, pg_server_prepare = $prepare: fails");
		must($observer, 'CREATE TABLE wanted ()');
		ok($sth->execute('head'), '... succeeds');
		is_complete('... all of it');
		$dbh->do($downgrade);
	}
	is(applied(), '', '... and down');
	$dbh->disconnect;
}

#
# What the session has before the CALL, it has afterwards.
#
three();
must($observer, 'GRANT ALL ON SCHEMA public TO PUBLIC; CREATE ROLE runner');
my $own = session();
must($own,
	'CREATE TEMP TABLE kept AS SELECT 7 AS id; CREATE TEMP TABLE emptied (id int) ON COMMIT DELETE ROWS; CREATE FUNCTION pg_temp.f() RETURNS int RETURN 3'
);
must($own,
	'PREPARE p(int) AS SELECT $1 + count(*) FROM kept; LISTEN mine; SET my.setting = 1; SET work_mem = 777; SELECT pg_advisory_lock(7)'
);
must($own,
	'BEGIN; DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT generate_series(1, 100); FETCH 2 FROM c; COMMIT');
my $next = 3;

sub is_kept
{
	my ($name) = @_;

	is(must($own, 'FETCH FROM c'), $next++, "$name: a cursor WITH HOLD");
	is(must($own, 'SELECT id + pg_temp.f() FROM kept'), '10', "$name: temporary objects");
	is(must($own, 'EXECUTE p(4)'), '5', "$name: a prepared statement");
	is( must(
			$own,
			q{SELECT current_setting('my.setting'), current_setting('work_mem'), (SELECT string_agg(c, ' ') FROM pg_listening_channels() c), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()), (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors WHERE is_holdable)}
		),
		'1|777kB|mine|1|1|1',
		"$name: settings, channels, locks");
	return;
}

ask($own, $upgrade);
is($own->{state}, '42P01', 'a CALL that fails');
is_kept('after an error');
ask($own, 'CALL pgmig_upgrade_stepwise(NULL)');
is($own->{state}, '22004', 'a CALL that fails at once');
is_kept('after an error in the argument');
must($observer, 'CREATE TABLE wanted ()');
must($own, $upgrade);
is_complete('a CALL that succeeds');
is_kept('after success');
must($own, $downgrade);
is_kept('after a downgrade');
$run = must($own, 'SELECT pgmig_start()');
is(must($own, "CALL pgmig_wait($run)"), 'done', 'pgmig_wait');
is_kept('after pgmig_wait');
must($own, 'BEGIN');
must($own, 'DECLARE d CURSOR FOR SELECT generate_series(1, 100)');
ask($own, $upgrade);
is($own->{state}, '25001', 'a CALL in a transaction');
must($own, 'ROLLBACK');
is_kept('after a refusal');
must($own, 'LISTEN pgmig');
my @own = must($own, $downgrade) =~ /^Asynchronous notification "pgmig" with payload "(.*)" received/mg;
is(scalar(@own), 3, 'its own notifications');
must($own, 'UNLISTEN pgmig');
must($own, 'SET ROLE runner');
ask($own, $upgrade);
is($own->{state}, '42501', 'without privilege');
is(must($own, 'SELECT current_user'), 'runner', '... the role stays');
must($own, 'RESET ROLE');
is_kept('after that');
quit($own);

#
# Settings that reach into all that a server does.  CALL, and in the
# background.
#
my $parallel = $major >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';
my @settings = (
	[
		'logging',
		'log_statement' => 'all',
		'log_duration' => 'on',
		'log_min_duration_statement' => '0',
		'log_parser_stats' => 'on',
		'log_planner_stats' => 'on',
		'log_executor_stats' => 'on',
		'debug_print_parse' => 'on',
		'debug_print_plan' => 'on',
		'client_min_messages' => 'debug5'
	],
	[
		'generic plans',
		plan_cache_mode => 'force_generic_plan',
		'track_functions' => 'all',
		'track_io_timing' => 'on',
		'compute_query_id' => 'on'
	],
	[ 'custom plans', plan_cache_mode => 'force_custom_plan', track_activities => 'off' ],
	[ 'JIT', jit => 'on', jit_above_cost => 0, jit_inline_above_cost => 0, jit_optimize_above_cost => 0 ],
	[
		'parallel',
		$parallel => 'on',
		max_parallel_maintenance_workers => 2,
		min_parallel_table_scan_size => 0,
		min_parallel_index_scan_size => 0,
		parallel_setup_cost => 0,
		parallel_tuple_cost => 0,
		client_min_messages => 'debug1'
	],
	[
		'repeatable read',
		default_transaction_isolation => 'repeatable read',
		default_transaction_deferrable => 'on',
		client_min_messages => 'error'
	],
	[
		'serializable',
		default_transaction_isolation => 'serializable',
		default_transaction_deferrable => 'on',
		session_replication_role => 'replica'
	],
	[
		'text',
		standard_conforming_strings => 'off',
		client_encoding => 'LATIN1',
		DateStyle => 'German',
		IntervalStyle => 'sql_standard',
		bytea_output => 'escape',
		quote_all_identifiers => 'on',
		extra_float_digits => '-15',
		array_nulls => 'off',
		transform_null_equals => 'on'
	],
	[
		'planner',
		map { ("enable_$_" => 'off') }
		  qw(indexscan indexonlyscan bitmapscan seqscan sort hashjoin mergejoin nestloop material hashagg)
	],);
three();
must($observer, 'CREATE TABLE wanted AS SELECT generate_series(1, 10000)');
foreach my $set (@settings)
{
	my ($name, %setting) = @$set;

	$own = session();
	must($own, join(' ', map { "SET $_ = '$setting{$_}';" } sort keys %setting));
	must($own, $upgrade);
	like(
		$own->{err},
		qr/building index "one_id" on table "one" with request for \d parallel worker/,
		'a parallel index build') if $name eq 'parallel';
	is_complete("$name: CALL");
	must($own, $downgrade);
	$run = must($own, 'SELECT pgmig_start()') =~ /(\d+)/ ? $1 : 0;
	like(must($own, "CALL pgmig_wait($run)"), qr/done/, "$name: in the background");
	is_complete('... all of it');
	must($own, $downgrade);
	is(applied(), '', '... and down');
	quit($own);
}

#
# Timeouts of the session
#
history(
	document('before', '', up => 'SELECT 1;'),
	document('waits', 'before', up => 'SELECT pg_advisory_xact_lock(1);'),
	document(
		'parts', 'waits',
		mark => 1,
		up => "SELECT 1;\nSELECT pg_advisory_xact_lock(2);\nVACUUM pg_class;"));
my $gate = session();
must($gate, 'SELECT pg_advisory_lock(1), pg_advisory_lock(2)');
$own = session();
must($own, q{SET pgmig.lock_timeout = 0; SET statement_timeout = '1s'});
ask($own, $upgrade);
is($own->{state}, '57014', 'statement_timeout ends the CALL');
like(
	$own->{err},
	qr/ERROR:  canceling statement due to statement timeout\n(LINE.*\n.*\n)?(QUERY:.*\n)?CONTEXT:  (waiting for .*\n)?pgmig upgrade of revision "waits", statement 1 of 1, line 1/,
	'... and it says where');
is(applied(), 'before', '... what was done stays');
must($gate, 'SELECT pg_advisory_unlock(1)');
ask($own, $upgrade);
is($own->{state}, '57014', '... the next goes on');
like(
	$own->{err},
	qr/^NOTICE:  Running upgrade before -> waits.*HINT:  .*continues with this statement/s,
	'... and ends in the middle');
must($gate, 'SELECT pg_advisory_unlock(2)');
must($own, q{SET statement_timeout = '1min'});
must($own, $upgrade);
is( $own->{err},
	"NOTICE:  Resuming upgrade waits -> parts, parts, at statement 2 of 3\n",
	'... the next goes on again');
is(applied(), 'before parts waits', '... to the end');
is(must($own, 'SHOW statement_timeout'), '1min', 'it is still set');
quit($own);

# A run that pauses is not idle.
history(document('locks', '', up => 'LOCK TABLE wanted;'));
must($gate, 'BEGIN; LOCK TABLE wanted');
$own = session('-c idle_in_transaction_session_timeout=1ms');
must($own, q{SET pgmig.lock_timeout = '10ms'});
request($own, $upgrade);
await_report($own, qr/trying again \(1 of 10\)/);
must($gate, 'ROLLBACK');
answer($own);
is($own->{state}, '00000', 'idle_in_transaction_session_timeout and a pause');
is(applied(), 'locks', '... which ends well');
quit($own);

SKIP:
{
	skip 'no transaction_timeout', 3 if $major < 17;
	history(map { document("sleep$_", $_ == 1 ? '' : 'sleep' . ($_ - 1), up => 'SELECT pg_sleep(0.5);') }
		  1 .. 3);
	$own = session();
	must($own, q{SET transaction_timeout = '1400ms'});
	must($own, $upgrade);
	is(applied(), 'sleep1 sleep2 sleep3', 'transaction_timeout is for each revision');
	history(document('locks', '', up => 'LOCK TABLE wanted;'));
	must($gate, 'BEGIN; LOCK TABLE wanted');
	must($own, q{SET pgmig.lock_timeout = '400ms'; SET transaction_timeout = '700ms'});
	request($own, $upgrade);
	await_report($own, qr/trying again \(3 of 10\)/);
	must($gate, 'ROLLBACK');
	answer($own);
	is($own->{state}, '00000', 'transaction_timeout and a pause');
	is(applied(), 'locks', '... which ends well');
	quit($own);
}

# The time of a transaction
must($observer, 'CREATE TABLE times (id int, at timestamptz DEFAULT now())');
history(
	document('early', '', up => 'INSERT INTO times VALUES (1); SELECT pg_sleep(0.01);'),
	document(
		'later', 'early',
		mark => 1,
		up => "INSERT INTO times VALUES (2);\nSELECT pg_sleep(0.01);\nINSERT INTO times VALUES (3);"));
must($observer, $upgrade);
is(must($observer, 'SELECT count(DISTINCT at) FROM times'), '3', 'now() is the time of the transaction');

#
# The client is gone in the middle.
#
sub die_in_the_middle
{
	my ($options, $name) = @_;

	history(
		document('before', '', up => 'SELECT 1;'),
		document(
			'parts', 'before',
			mark => 1,
			up =>
			  "CREATE TABLE parts (id int);\nSELECT pg_advisory_xact_lock(1);\nINSERT INTO parts VALUES (1);"
		),
		document('after', 'parts', up => 'INSERT INTO parts VALUES (2);'));
	must($observer, 'DROP TABLE IF EXISTS parts');
	must($gate, 'SELECT pg_advisory_lock(1)');
	$own = session($options);
	must($own, 'SET pgmig.lock_timeout = 0');
	request($own, $upgrade);
	poll(q{SELECT revision = 'parts' AND statement = 2 AND wait_event = 'advisory' FROM pgmig_progress()},
		"$name: a CALL in the middle");
	my ($pid, $run) = split /\|/, must($observer, 'SELECT pid, run FROM pgmig_progress()');
	$own->{run}->signal('KILL');
	eval { $own->{run}->finish };
	return ($pid, $run);
}

sub is_resumed
{
	my ($name, $run, $resumed) = @_;

	must($observer, 'RESET client_min_messages');
	must($observer, $upgrade);
	is($observer->{err}, $resumed, "$name: the next CALL continues");
	must($observer, 'SET client_min_messages = warning');
	is(must($observer, q{SELECT string_agg(id::text, ' ' ORDER BY id) FROM parts}),
		'1 2', '... and all is done once');
	is(must($observer, "SELECT outcome FROM pgmig.run WHERE run = $run"),
		'interrupted', '... the log tells of the first');
	return;
}

my ($pid, $run1) = die_in_the_middle('', 'client killed');
must($gate, 'SELECT pg_advisory_unlock(1)');
poll(
	"SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid",
	'the run ends when it tells of the next revision');
is(applied(), 'before parts', '... before it');
is_resumed('client killed', $run1, "NOTICE:  Running upgrade parts -> after, after\n");
($pid, $run1) =
  die_in_the_middle('-c client_connection_check_interval=10ms', 'client_connection_check_interval');
poll("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid", 'the run ends at once');
must($gate, 'SELECT pg_advisory_unlock(1)');
is_resumed('client_connection_check_interval', $run1,
	"NOTICE:  Resuming upgrade before -> parts, parts, at statement 2 of 3\nNOTICE:  Running upgrade parts -> after, after\n"
);

# The next client comes before the run knows that its own is gone.
($pid, $run1) = die_in_the_middle('', 'impatient');
$own = session();
request($own, $upgrade);
poll(
	"SELECT count(*) = 1 FROM pg_stat_activity WHERE $pid = ANY (pg_blocking_pids(pid)) AND query LIKE 'CALL%'",
	'the next waits for the run');
must($gate, 'SELECT pg_advisory_unlock(1)');
answer($own);
is($own->{err}, "NOTICE:  Running upgrade parts -> after, after\n", '... and goes on');
is(applied(), 'after before parts', '... to the end');
quit($own);
quit($gate);

#
# Libraries that look at every statement
#
my $libdir = `pg_config --pkglibdir`;
chomp $libdir;
my @libraries = grep { -e "$libdir/$_.so" } 'auto_explain', 'pg_stat_statements';
SKIP:
{
	skip 'neither auto_explain nor pg_stat_statements is installed', 8 if !@libraries;
	note "@libraries";
	quit($observer);
	$node->append_conf('postgresql.conf', "shared_preload_libraries = '" . join(', ', @libraries) . "'");
	$node->append_conf(
		'postgresql.conf', q{
auto_explain.log_min_duration = 0
auto_explain.log_analyze = on
auto_explain.log_buffers = on
auto_explain.log_triggers = on
auto_explain.log_verbose = on
auto_explain.log_nested_statements = on
}) if grep { $_ eq 'auto_explain' } @libraries;
	$node->append_conf(
		'postgresql.conf', q{
pg_stat_statements.track = all
pg_stat_statements.track_utility = on
pg_stat_statements.track_planning = on
}) if grep { $_ eq 'pg_stat_statements' } @libraries;
	$node->restart;
	start_observer();
	three();
	must($observer, 'CREATE TABLE wanted AS SELECT 1');
	my $offset = -s $node->logfile;
	must($observer, $upgrade);
	is_complete("@libraries: CALL");
	must($observer, $downgrade);
	$run = must($observer, 'SELECT pgmig_start()');
	is(must($observer, "CALL pgmig_wait($run)"), 'done', '... in the background');
	is_complete('... all of it');
	must($observer, $downgrade);
	must($observer, 'DROP TABLE wanted');
	ask($observer, $upgrade);
	is($observer->{state}, '42P01', '... with an error');
	must($observer,
		q{SELECT pgmig_resolve('two', 'forget'); DROP INDEX one_id; DELETE FROM one WHERE id = 2});
	must($observer, $downgrade);
	is(applied(), '', '... and down');

  SKIP:
	{
		skip 'no auto_explain', 1 if !grep { $_ eq 'auto_explain' } @libraries;
		like(
			substr(slurp_file($node->logfile), $offset),
			qr/Query Text: INSERT INTO one VALUES \(2\)/,
			'auto_explain sees the statements of bodies');
	}
  SKIP:
	{
		skip 'no pg_stat_statements', 2 if !grep { $_ eq 'pg_stat_statements' } @libraries;
		skip 'pg_stat_statements cannot be created', 2
		  if (ask($observer, 'CREATE EXTENSION pg_stat_statements'), $observer->{state} ne '00000');
		must($observer, 'SELECT pg_stat_statements_reset()');
		must($observer, 'CREATE TABLE wanted ()');
		must($observer, $upgrade);
		is( must(
				$observer,
				q{SELECT string_agg(format('%s %s %s', calls, rows, query), E'\n' ORDER BY query) FROM pg_stat_statements WHERE query ~ '^(INSERT INTO one|CREATE INDEX|ALTER)'}
			),
			"1 0 ALTER TABLE wanted ADD two int\n1 0 CREATE INDEX CONCURRENTLY one_id ON one (id)\n2 2 INSERT INTO one VALUES (\$1)",
			'pg_stat_statements counts the statements of bodies');
		is( must(
				$observer,
				q{SELECT count(*) FROM pg_stat_statements WHERE query LIKE 'CALL pgmig_upgrade_stepwise(%' AND calls = 1}
			),
			'1',
			'... and the CALL');
	}
}

quit($observer);
$node->stop;
unlike(slurp_file($node->logfile), qr/TRAP:|PANIC:|terminated by signal/, 'no crash');
done_testing();
