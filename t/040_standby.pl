# A streaming standby: what reads works, what would write says why not, and
# after promotion the history goes on.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(
	allows_streaming => 1,
	extra            => [ '--encoding=UTF8', '--locale=C' ]);
$primary->append_conf('postgresql.conf', 'fsync = off');
$primary->start;
$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;

$primary->safe_psql('postgres', <<'EOS');
CREATE EXTENSION pgmig;
SELECT pgmig_load('migrations');
SELECT pgmig_upgrade('heads');
EOS
$primary->wait_for_catchup($standby);

# The functions that read show the same on both.
my @reading = (
	'SELECT * FROM pgmig_current()',
	'SELECT * FROM pgmig_current(true)',
	'SELECT * FROM pgmig_heads(true)',
	'SELECT * FROM pgmig_branches()',
	'SELECT * FROM pgmig_history()',
	q{SELECT * FROM pgmig_show('heads')},
	'SELECT * FROM pgmig_log()',
	'SELECT * FROM pgmig_status()',
	q{SELECT * FROM pgmig_plan('base', 'downgrade')},
	q{SELECT * FROM pgmig_graph('text')},
	'SELECT pgmig_export()',
	q{SELECT pgmig_upgrade_sql('base:heads')},
	q{SELECT pgmig_downgrade_sql('base')},
	q{SELECT pgmig_stamp_sql('base')});
foreach my $sql (@reading)
{
	my ($rc, $out, $err) = $standby->psql('postgres', $sql);

	is($err, '', "standby: $sql");
	is($out, $primary->safe_psql('postgres', $sql), "the same: $sql");
}

# With nothing to do, what writes does nothing.
is($standby->safe_psql('postgres', $_), '', "nothing to do: $_")
  foreach (
	q{SELECT pgmig_upgrade('head')},
	q{SELECT pgmig_upgrade('968b0dff6a9b')},
	q{SELECT * FROM pgmig_load('migrations')},
	q{SELECT * FROM pgmig_import(pgmig_export())});
is($standby->safe_psql('postgres', q{SELECT pgmig_stamp('head')}),
	'add_trust_status_to_entities', 'nothing to stamp');

sub refuses
{
	my ($sql) = @_;
	my ($rc, $out, $err) =
	  $standby->psql('postgres', "\\set VERBOSITY verbose\n$sql");

	like(
		$err,
		qr/ERROR:  25006: cannot execute .* in a read-only transaction/,
		"refused: $sql");
	return;
}

$primary->safe_psql('postgres', q{SELECT pgmig_downgrade('968b0dff6a9b')});
$primary->wait_for_catchup($standby);
refuses($_)
  foreach (
	q{SELECT pgmig_upgrade('head')},
	q{SELECT pgmig_downgrade('base')},
	q{SELECT pgmig_stamp('head')},
	q{SELECT pgmig_revision('new')},
	q{SELECT pgmig_merge()},
	q{SELECT pgmig_edit('head', '')},
	q{SELECT pgmig_remove('head')},
	q{SELECT pgmig_import(E'-- a\n--\n-- Revision ID: a\n\n-- pgmig: upgrade\n')}
  );

# Promoted, it goes on.
$standby->promote;
is( $standby->safe_psql(
		'postgres', q{SELECT count(*) FROM pgmig_upgrade('head')}),
	'51',
	'upgrade after promotion');
is( $standby->safe_psql('postgres',
		'SELECT applied, pending, runner_pid IS NULL FROM pgmig_status()'),
	'52|0|t',
	'everything is applied');
is( $standby->safe_psql(
		'postgres', q{SELECT count(*) FROM pgmig_downgrade('base')}),
	'52',
	'downgrade after promotion');

$standby->stop;
$primary->stop;
done_testing();
