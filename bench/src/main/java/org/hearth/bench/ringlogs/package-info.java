/// What the logs cost: entries a second and latency by number of writers (JMH), and the processor
/// time of logs in which nothing happens.
///
/// `bench/run` builds and runs them.
@NullMarked
package org.hearth.bench.ringlogs;

import org.jspecify.annotations.NullMarked;
