/// People: the accounts of this server.
@NullMarked
package org.hearth.app.people;

import org.jspecify.annotations.NullMarked;
