/// Connect: how apps get in, and who is invited to make an account.
@NullMarked
package org.hearth.app.connect;

import org.jspecify.annotations.NullMarked;
