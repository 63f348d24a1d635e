package org.hearth.server.readers.federationdevices;

import java.time.InstantSource;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.MemoryReader;
import org.hearth.ringlogs.OutputLog;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Box;
import org.hearth.server.box.Reading;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.logs.DeviceOutput;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.servers.device.DeviceQueries;
import org.hearth.server.servers.device.RemoteDeviceQueries;

/// Fetches the devices of users of other servers.
///
/// **thread**: as [Box] has it. **source**: [device management][management].
///
/// [management]: https://spec.matrix.org/v1.19/server-server-api/#device-management
public final class FederationDevices implements Box {
  /// The name in the wiring.
  public static final String BOX = "FederationDevices";

  private static final String READER = "federation-devices";

  private final Fetching fetching;
  private final Reading<DeviceOutput> reading;

  /// @param log device-output, not yet started
  /// @param start the last position that was committed; what was before it is in the table
  /// @param input told what was fetched
  public FederationDevices(
      RemoteDeviceQueries devices,
      FederationClient federation,
      OutputLog<DeviceOutput> log,
      LogPosition start,
      LogWriter<DeviceInput, LogPosition> input,
      InstantSource clock) {
    fetching = new Fetching(devices, federation::send, input, clock);
    reading = Reading.of(log, new MemoryReader<>(READER, start, new Waking()));
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Fetches devices";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.READER;
  }

  @Override
  public List<Reading<?>> readings() {
    return List.of(reading);
  }

  @Override
  public List<String> asks() {
    return List.of(DeviceQueries.BOX);
  }

  @Override
  public List<String> commands() {
    return List.of(FederationClient.BOX);
  }

  @Override
  public void start() {
    fetching.start();
  }

  @Override
  public void stop() throws InterruptedException {
    fetching.stop();
  }

  private final class Waking implements MemoryReader.View<DeviceOutput> {
    private boolean changed;

    @Override
    public void take(LogPosition at, DeviceOutput entry) {
      if (entry instanceof DeviceOutput.RemoteDevicesChanged(var user)) {
        fetching.heardOf(user.server());
        changed = true;
      }
    }

    @Override
    public void batchTaken() {
      if (changed) {
        changed = false;
        fetching.wake();
      }
    }

    @Override
    public void renew(LogPosition upTo) {
      fetching.wake();
    }
  }
}
