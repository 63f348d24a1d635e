/// The control panel's root: the program's entry and its wiring.
///
/// ```
///   Main --> HearthApplication --> ServerSession (starts and stops a Homeserver)
///                    |
///                    +--> shell: navigation, status, pages --> setup, dashboard (Home), people,
///                                                              rooms, connect, wiring,
///                                                              logs (Activity)
///     |
///     +--> BesideServer (a window, while a server without a panel runs)
/// ```
///
/// A page is a package with a `…Page` (nodes and bindings only) and a `…ViewModel` (properties and
/// actions, no controls), in place of which a page that only lists has a `Listing`. View models
/// talk to `Homeserver` and `Admin` and to nothing behind them.
///
/// **threads**: nodes and properties belong to the JavaFX thread; questions to the server run on
/// virtual threads, and `app.state` alone hops back.
@NullMarked
package org.hearth.app;

import org.jspecify.annotations.NullMarked;
