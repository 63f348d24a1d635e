/// What this machine's disk and the bare store can do: the yardstick for the server's own figures.
///
///     ForcedAppends   a file, one forced write after the other
///     PipelineLimit   threads ──► committer's ring ──► group commit ──► Derby ──► reply
@NullMarked
package org.hearth.bench.store;

import org.jspecify.annotations.NullMarked;
