package org.hearth.server.servers.device;

import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;

/// What others may ask about the devices of users of other servers. Beside [DeviceQueries], and of
/// the same box.
///
/// **thread**: any; a call reads from the disk.
public interface RemoteDeviceQueries {
  /// A list of devices that has to be fetched.
  ///
  /// @param marks how often it was called out of date
  record StaleList(UserId user, long marks) {}

  /// The users whose devices or cross-signing keys changed last in that range, as far as this
  /// server was told.
  ///
  /// @param after exclusive
  /// @param upTo inclusive
  List<UserId> changed(LogPosition after, LogPosition upTo);

  /// The servers of users whose lists are out of date.
  List<ServerName> staleServers();

  /// The lists of a server's users that are out of date, by user id.
  ///
  /// @param after the user after whom to begin; empty for the first
  List<StaleList> stale(ServerName server, String after, int most);
}
