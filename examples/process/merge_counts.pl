#!/usr/bin/perl
# Adds up a list of objects of numbers: standard input to standard output.
use strict;
use warnings;
use JSON::PP;

my $json = JSON::PP->new->utf8->canonical;
my %sum;
for my $counts (@{ $json->decode(do { local $/; <STDIN> }) }) {
    $sum{$_} += $counts->{$_} for keys %$counts;
}
print $json->encode(\%sum), "\n";
