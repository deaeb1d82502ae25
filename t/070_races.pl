# Readers and writers of the graph at once: no crash, no internal error.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{PGMIG_RACES} || 400;

my $node = PostgreSQL::Test::Cluster->new('races');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pgmig');

# One session adds a chain and takes it away again, the others read.
my $writes = '';
for my $i (1 .. $rounds)
{
	my $parent = $i == 1 ? '' : 'r' . ($i - 1);

	$writes .= "SELECT pgmig_import(E'-- x\\n-- Revision ID: r$i\\n-- Revises: $parent\\n-- pgmig: upgrade\\n');\n";
	$writes .= "SELECT pgmig_remove('r$i');\n" if $i == $rounds;
}
my $reads = '';
for (1 .. $rounds)
{
	$reads .= "SELECT count(*) FROM pgmig_branches();\n";
	$reads .= "SELECT count(*) FROM pgmig_graph();\n";
	$reads .= "SELECT count(*) FROM pgmig_plan('heads');\n";
}

my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/writes.sql", $writes);
append_to_file("$dir/reads.sql", $reads);
my @command = ('psql', '-X', '-q', '-A', '-t', '-d', $node->connstr('postgres'), '-f');
my ($out, $err, $reader_out, $reader_err) = ('', '', '', '');
my $writer = IPC::Run::start([ @command, "$dir/writes.sql" ], '<', \undef, '>', \$out, '2>', \$err);
IPC::Run::run([ @command, "$dir/reads.sql" ], '<', \undef, '>', \$reader_out, '2>', \$reader_err);
$writer->finish;
is($reader_err, '', 'readers have no error');
is($err, '', 'the writer has no error');
my %seen = map { $_ => 1 } split /\n/, $reader_out;
cmp_ok(scalar(keys %seen), '>', 10, 'the readers saw the graph grow');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pgmig_history()'),
	$rounds - 1, 'all revisions but the one removed are there');

$node->stop;
done_testing();
