/// Home: is it running, where, how busy.
@NullMarked
package org.hearth.app.dashboard;

import org.jspecify.annotations.NullMarked;
