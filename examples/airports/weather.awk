# Counts the days, and those with any precipitation, as JSON.
BEGIN { FS = "," }
NR > 1 { days++; wet += ($2 > 0) }
END { printf "{\"days\": %d, \"wet_days\": %d}\n", days, wet }
