#!/usr/bin/perl
# A Windlass task in Perl: counts the words of a text. It needs nothing but
# Perl itself. The protocol is docs/guides/process-protocol.md.
use strict;
use warnings;
use JSON::PP;

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
$| = 1;    # A message must not wait in a buffer.

sub send_message { print $json->encode({@_}), "\n" }

sub count_words {
    my ($task) = @_;
    my @lines = split /\n/, $task->{args}{text};
    my %count;
    for my $number (1 .. @lines) {
        $count{lc $_}++ for $lines[$number - 1] =~ /\w+/g;
        send_message(type => "progress", id => $task->{id},
            fraction => $number / @lines, message => "line $number");
    }
    return \%count;
}

while (my $line = <STDIN>) {
    my $message = $json->decode($line);
    if ($message->{type} eq "hello") {
        send_message(type => "ready", protocol => 1);
    } elsif ($message->{type} eq "task") {
        my $result = eval { count_words($message) };
        if ($result) {
            print STDERR "counted ", scalar(keys %$result), " words\n";
            send_message(type => "result", id => $message->{id},
                value => $result);
        } else {
            send_message(type => "error", id => $message->{id},
                error_type => "BadText", message => "$@",
                retryable => JSON::PP::false);
        }
    }
}
