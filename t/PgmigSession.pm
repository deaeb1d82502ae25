# Sessions of psql in the background, for the tests of this directory.
#
# A session is a hash with the input, output and error output of a psql that
# IPC::Run has started (in, out, err, run) and a timer.  It reads statements
# from a pipe, so that several of them can work at a time.

package PgmigSession;

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT = qw(request answer ask must quit);

# Have it begin a statement.
sub request
{
	my ($session, $sql) = @_;

	$session->{timer}->start;
	$session->{out} = $session->{err} = '';
	$session->{in} .= "$sql;\n\\echo :SQLSTATE\n\\echo (done)\n\\warn (done)\n";
	eval { $session->{run}->pump_nb };
	return;
}

# What it answers, and in $session->{state} the SQLSTATE, "lost" if the
# session is gone; what it reports is in $session->{err}.
sub answer
{
	my ($session) = @_;
	my $out = '';

	eval {
		$session->{run}->pump
		  until ($session->{out} =~ /^\(done\)\n/m && $session->{err} =~ /^\(done\)\n/m)
		  || !$session->{run}->pumpable;
	};
	die $@ if $@ =~ /timeout/;
	$session->{err} =~ s/^\(done\)\n//m;
	$session->{state} = 'lost';
	($out, $session->{state}) = ($1, $2)
	  if $session->{out} =~ /^(.*?)\n?(\w{5})\n\(done\)\n/s;
	return $out;
}

sub ask
{
	my ($session, $sql) = @_;

	request($session, $sql);
	return answer($session);
}

# The same, of something that has to succeed.
sub must
{
	my ($session, $sql) = @_;
	my $out = ask($session, $sql);

	die "$sql: $session->{err}" if $session->{state} ne '00000';
	return $out;
}

sub quit
{
	my ($session) = @_;

	$session->{in} .= "\\q\n";
	eval { $session->{run}->finish };
	return;
}

1;
