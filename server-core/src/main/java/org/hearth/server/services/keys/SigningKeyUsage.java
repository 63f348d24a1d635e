package org.hearth.server.services.keys;

import java.util.Locale;

/// What a cross-signing key is for.
///
/// **source**: [cross-signing](https://spec.matrix.org/v1.19/client-server-api/#cross-signing)
enum SigningKeyUsage {
  /// Stands for the user: signs the two others.
  MASTER,
  /// Signs the user's own devices.
  SELF_SIGNING,
  /// Signs the master keys of other users.
  USER_SIGNING;

  /// The word in `usage`, and of the field in `/keys/query` without its ending.
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
