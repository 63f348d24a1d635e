/// What the logs promise to threads that meet (jcstress), from within their package: each class
/// states one claim, and which outcomes it allows.
///
/// `bench/run` builds and runs them.
@NullMarked
package org.hearth.ringlogs;

import org.jspecify.annotations.NullMarked;
