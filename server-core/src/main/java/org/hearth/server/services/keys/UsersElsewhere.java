package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.hearth.ringlogs.LogFullException;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogWriter;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.keys.KeptDevices.KeptList;
import org.hearth.server.services.keys.KeptDevices.Knowledge;

/// The devices and keys of users of other servers: from what is kept while that is up to date, else
/// from their servers.
///
/// "When a server wishes to determine a remote user's device list for the first time, it should
/// populate a local cache"; see [device management][management].
///
/// **thread**: any.
///
/// [management]: https://spec.matrix.org/v1.19/server-server-api/#device-management
final class UsersElsewhere {
  /// Users of one call whom the Device Server is told to follow, since somebody has asked for them.
  /// The next call says it of others.
  private static final int MOST_FOLLOWED_A_CALL = 200;

  private final KeptDevices kept;
  private final RemoteKeys remote;
  private final LogWriter<DeviceInput, LogPosition> input;

  UsersElsewhere(KeptDevices kept, RemoteKeys remote, LogWriter<DeviceInput, LogPosition> input) {
    this.kept = kept;
    this.remote = remote;
    this.input = input;
  }

  /// What was found.
  ///
  /// @param kept reads what is kept of a user
  /// @param known whose devices are kept; they are read one after the other
  /// @param told what servers have answered
  /// @param failures as clients are told
  record Found(
      Function<UserId, Optional<KeptList>> kept,
      List<UserId> known,
      Map<UserId, KeptList> told,
      ObjectNode failures) {
    static final Found NOBODY =
        new Found(
            _ -> Optional.empty(), List.of(), Map.of(), JsonNodeFactory.instance.objectNode());

    /// Goes through all of them, reading what is kept.
    void forEach(BiConsumer<UserId, KeptList> each) {
      told.forEach(each);
      known.forEach(user -> kept.apply(user).ifPresent(list -> each.accept(user, list)));
    }
  }

  /// Looks for users of other servers, and waits for these for so long at most.
  ///
  /// @param viewer on whose behalf
  /// @param wanted devices by user; none stands for all
  Found find(UserId viewer, List<UserId> users, Map<UserId, Set<String>> wanted, Duration patience)
      throws InterruptedException {
    List<UserId> known = new ArrayList<>();
    List<UserId> unknown = new ArrayList<>();
    Map<UserId, Set<String>> asked = new LinkedHashMap<>();
    for (UserId each : users) {
      Knowledge knowledge = kept.knowledge(each);
      if (knowledge == Knowledge.FRESH) {
        known.add(each);
      } else {
        asked.put(each, wanted.getOrDefault(each, Set.of()));
      }
      if (knowledge == Knowledge.NONE) {
        unknown.add(each);
      }
    }
    follow(unknown);
    RemoteKeys.Answers<KeptList> answers = remote.query(viewer, asked, patience);
    return new Found(kept::list, known, answers.told(), answers.json());
  }

  /// Their devices are kept from now on, if somebody here shares a room with them.
  private void follow(List<UserId> users) throws InterruptedException {
    try {
      for (UserId each : users.subList(0, Math.min(users.size(), MOST_FOLLOWED_A_CALL))) {
        input.tell(new DeviceInput.FollowDevices(each), Duration.ZERO);
      }
    } catch (LogFullException _) {
      // The next call for these users says it again.
    }
  }
}
