package org.hearth.server.readers.sync.sections;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.logs.DeviceOutput;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.readers.sync.view.Concerned;
import org.hearth.server.readers.sync.view.NewsReader;
import org.hearth.server.readers.sync.view.OwnNews;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.readers.tokens.Followed;
import org.hearth.server.servers.device.DeviceMessage;
import org.hearth.server.servers.device.DeviceMessages;
import org.hearth.server.servers.device.DeviceQueries;
import org.jspecify.annotations.Nullable;

/// Messages to the device that asks, in the order in which they came.
///
/// The same token gives the same messages until a later one says that the device has them, see
/// [Acknowledgements]. Of more messages than an answer has, the token says which were told: the
/// section is held back.
///
/// **Thread:** any. **Source:** [send-to-device messaging][send].
///
/// [send]: https://spec.matrix.org/v1.19/client-server-api/#send-to-device-messaging
public final class ToDeviceSection implements Section {
  /// For tokens.
  static final String NAME = "to-device";

  /// "100 messages is recommended as a reasonable limit."
  public static final int MOST_MESSAGES = 100;

  private final OutputLog<DeviceOutput> log;
  private final DeviceQueries devices;
  private final SyncUsers users;
  private final LogReader<DeviceOutput> reader;

  /// @param log not yet started
  /// @param start the last position that was committed before it is
  public ToDeviceSection(
      OutputLog<DeviceOutput> log, DeviceQueries devices, SyncUsers users, LogPosition start) {
    this.log = log;
    this.devices = devices;
    this.users = users;
    this.reader = NewsReader.of(users, start, this::note);
  }

  /// To be registered with device-output.
  public LogReader<DeviceOutput> reader() {
    return reader;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<Followed> follows() {
    return List.of(new Followed.Durable(log));
  }

  @Override
  public boolean mayHaveNews(Asked asked) {
    return asked
        .since(this)
        .filter(since -> !asked.feed().mayHave(OwnNews.MESSAGES, since))
        .isEmpty();
  }

  @Override
  public void add(Asked asked, News news) {
    @Nullable DeviceId device = asked.request().viewer().device();
    if (device == null) {
      return;
    }
    LogPosition since = asked.since(this).orElse(LogPosition.ORIGIN);
    DeviceMessages told =
        devices.messages(
            asked.request().user(), device, since, asked.now().position(), MOST_MESSAGES);
    if (!told.last().isAfter(since)) {
      return;
    }
    asked.feed().toldMessages(device);
    for (DeviceMessage each : told.list()) {
      news.add(News.Kind.TO_DEVICE, event(each));
    }
    if (!told.areAll()) {
      news.heldBack().toldUpTo(NAME, told.last());
    }
  }

  /// The message as clients get it.
  public static ObjectNode event(DeviceMessage message) {
    ObjectNode event = JsonNodeFactory.instance.objectNode();
    event
        .put("sender", message.sender())
        .put("type", message.type())
        .set("content", message.content());
    return event;
  }

  /// Only the device to which a message has come is woken; and those who share a room with a user
  /// elsewhere whose devices changed.
  private void note(LogPosition at, DeviceOutput entry, Concerned concerned) {
    switch (entry) {
      case DeviceOutput.MessageArrived(var user, var device) -> {
        @Nullable UserFeed feed = users.known(user.value());
        if (feed != null) {
          feed.note(OwnNews.MESSAGES, at);
          feed.wake(device);
        }
      }
      case DeviceOutput.RemoteDevicesChanged(var user) ->
          concerned.addOthers(users.noteDevices(user, at));
      case DeviceOutput.MessagesSent _,
          DeviceOutput.DeviceListChanged _,
          DeviceOutput.SigningKeysChanged _ -> {
        // For other servers.
      }
    }
  }
}
