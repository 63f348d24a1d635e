package org.hearth.server.readers.sync.sections;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import org.hearth.ringlogs.LogFullException;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogStoppedException;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.ParkedException;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.servers.device.DeviceQueries;
import org.jspecify.annotations.Nullable;

/// Tells the Device Server which messages a device has, by the token with which it comes.
///
/// "When the client calls `/sync` again with the `next_batch` token from the first response, the
/// server should infer that any send-to-device messages in that response have been delivered
/// successfully, and delete them." Nobody waits for that, and no answer depends on it: what a token
/// says that the device has is not told again, deleted or not.
///
/// **Thread:** any. **Source:** [send-to-device messaging][send].
///
/// [send]: https://spec.matrix.org/v1.19/client-server-api/#send-to-device-messaging
public final class Acknowledgements {
  private static final System.Logger LOG = System.getLogger(Acknowledgements.class.getName());

  private final DeviceQueries devices;
  private final LogWriter<DeviceInput, LogPosition> deviceInput;

  public Acknowledgements(DeviceQueries devices, LogWriter<DeviceInput, LogPosition> deviceInput) {
    this.devices = devices;
    this.deviceInput = deviceInput;
  }

  /// Has what the client has deleted; what cannot be told now is told with a later request.
  ///
  /// @param feed of the user who asks
  public void take(SyncRequest request, UserFeed feed) throws InterruptedException {
    @Nullable DeviceId device = request.viewer().device();
    Optional<LogPosition> known = request.since().flatMap(each -> each.of(ToDeviceSection.NAME));
    if (device == null || known.isEmpty() || feed.isTidy(device)) {
      return;
    }
    // Noted before it is looked: messages that are told meanwhile are for the next request.
    feed.tidied(device);
    boolean left =
        devices
            .messages(request.user(), device, LogPosition.ORIGIN, known.get(), 1)
            .last()
            .isAfter(LogPosition.ORIGIN);
    if (left) {
      delete(
          new DeviceInput.AcknowledgeMessages(request.user(), device, known.get().value()), feed);
    }
  }

  private void delete(DeviceInput.AcknowledgeMessages command, UserFeed feed)
      throws InterruptedException {
    try {
      deviceInput
          .submit(command, Duration.ZERO)
          .onDone((_, failure) -> {
            if (failure != null) {
              feed.toldMessages(command.device());
            }
          });
    } catch (LogFullException | LogStoppedException | ParkedException e) {
      feed.toldMessages(command.device());
      LOG.log(Level.DEBUG, "messages to {0} are deleted later: {1}", command.device(), e);
    }
  }
}
