package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;

/// What the Device Server keeps of the devices of users of other servers, and what it has told
/// other servers of this one's.
///
/// **thread**: any; a call reads from the disk.
public interface KeptDevices {
  /// How well the devices of a user elsewhere are known.
  enum Knowledge {
    /// Not at all.
    NONE,
    /// They were known; their server has announced a change.
    STALE,
    /// Their server tells each change.
    FRESH
  }

  /// A device of a user elsewhere.
  ///
  /// @param keys as [PeerKeys] has checked them
  record KeptDevice(Optional<String> displayName, StoredKeys keys) {}

  /// The devices of a user elsewhere, and the cross-signing keys that others may see.
  record KeptList(
      Map<DeviceId, KeptDevice> devices,
      Optional<ObjectNode> masterKey,
      Optional<ObjectNode> selfSigningKey) {
    public KeptList {
      devices = Map.copyOf(devices);
    }
  }

  /// How well the devices of a user elsewhere are known.
  Knowledge knowledge(UserId user);

  /// What is known of a user elsewhere, whether it is out of date or not.
  Optional<KeptList> list(UserId user);

  /// What the keys of a user elsewhere and of that user's devices take at most as they are kept.
  long bytes(UserId user);

  /// The id of the last update of that user's devices that other servers were told; 0 if there was
  /// none.
  long streamId(UserId user);
}
