/// What one address that holds or drips connections costs everybody else.
///
/// ```
///   ConnectionAttack --+--> Attackers, from 127.0.0.1: thousands of sockets
///                      +--> Others, from 127.0.0.2: a new connection and a request, again and again
/// ```
///
/// **threads**: one for the attackers, one for the others.
@NullMarked
package org.hearth.bench.attack;

import org.jspecify.annotations.NullMarked;
