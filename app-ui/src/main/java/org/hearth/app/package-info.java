/// The control panel's root: the program's entry and its wiring.
///
/// ```
///   Main --> HearthApplication --> ServerSession (starts and stops a Homeserver)
///                    |
///                    +--> shell: navigation, status, pages --> setup, dashboard, people, rooms, wiring, logs
/// ```
///
/// A page is a package with an `…View` (nodes and bindings only) and an `…ViewModel` (properties
/// and actions, no controls). View models talk to `Homeserver` and `Admin` and to nothing behind
/// them.
///
/// **threads**: nodes and properties belong to the JavaFX thread; questions to the server run on
/// virtual threads, and `app.state` alone hops back.
@NullMarked
package org.hearth.app;

import org.jspecify.annotations.NullMarked;
