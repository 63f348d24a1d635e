/// What state resolution costs: time and memory by the number of events in conflict (JMH).
///
/// `bench/run` builds and runs it; the results are in `bench/results/state-resolution`.
@NullMarked
package org.hearth.bench.state;

import org.jspecify.annotations.NullMarked;
