/// `hearth.yaml` and the data folder: what the owner has set, checked before anything uses it.
///
/// ```
///   hearth.yaml ──► ConfigurationReader ──► Configuration
///   first run ────► FirstSetup, SyncedFolder, ListenerPort ──► hearth.yaml
///   data folder ──► DataFolder ──► ServerKeys ──► the signing key
/// ```
///
/// **threads**: any; nothing here keeps a state of its own. **uses**: the protocol's names and
/// keys.
@NullMarked
package org.hearth.server.configuration;

import org.jspecify.annotations.NullMarked;
