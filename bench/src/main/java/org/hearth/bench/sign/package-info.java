/// What signatures cost: by the library that the server uses, and by the JDK's own.
@NullMarked
package org.hearth.bench.sign;

import org.jspecify.annotations.NullMarked;
