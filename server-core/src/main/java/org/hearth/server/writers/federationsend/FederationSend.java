package org.hearth.server.writers.federationsend;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Alarms;
import org.hearth.server.box.Box;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.logs.ReceiptInput;
import org.hearth.server.logs.TypingInput;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.servers.presence.PresenceClient;
import org.hearth.server.servers.presence.PresenceQueries;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.staging.Staging;

/// Takes in what other servers send: stages the events of their transactions, answers, and brings
/// them to the Room Server; hands what their EDUs say to the boxes that keep it.
///
/// **thread**: as [Box] has it; the rest any.
public final class FederationSend implements Box {
  /// The name in the wiring.
  public static final String BOX = "FederationSend";

  private static final System.Logger LOG = System.getLogger(FederationSend.class.getName());
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(5);

  private final Transactions transactions;
  private final RoomWork work;
  private final boolean hasPresence;

  /// What this box asks and has do things.
  ///
  /// @param here the name of this server
  public record Needs(
      ServerName here,
      RoomQueries rooms,
      PeerQueries peers,
      RoomClient client,
      PeerEvents events,
      Staging staging,
      InstantSource clock) {}

  /// Reads EDUs about devices.
  @FunctionalInterface
  public interface DeviceEdus {
    /// What the Device Server is to be told.
    ///
    /// @param type of the EDU
    /// @return empty if that is nothing
    /// @throws org.hearth.server.matrix.error.MatrixException if the server may not say so, or it
    ///   is malformed
    Optional<DeviceInput> read(ServerName origin, String type, ObjectNode content);
  }

  /// The logs to which it hands what EDUs say.
  ///
  /// @param presence empty where presence is off
  /// @param presenceOfOthers whether that of users of other servers is taken in
  public record Inputs(
      LogWriter<TypingInput, VolatilePosition> typing,
      LogWriter<ReceiptInput, LogPosition> receipts,
      LogWriter<DeviceInput, LogPosition> devices,
      DeviceEdus deviceEdus,
      Optional<PresenceClient> presence,
      boolean presenceOfOthers) {}

  /// @param alarms its own
  public FederationSend(Needs needs, Inputs inputs, Alarms alarms) {
    work = new RoomWork(needs.staging(), new Judging(needs), alarms);
    transactions = new Transactions(needs, work, new Edus(needs, inputs));
    hasPresence = inputs.presence().isPresent();
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Takes from servers";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.WRITER;
  }

  @Override
  public List<RouteGroup> routes() {
    return List.of(transactions);
  }

  @Override
  public List<String> asks() {
    return hasPresence ? List.of(RoomQueries.BOX, PresenceQueries.BOX) : List.of(RoomQueries.BOX);
  }

  @Override
  public List<String> commands() {
    return List.of(Staging.BOX, FederationClient.BOX);
  }

  /// Goes on with what was staged before the start.
  @Override
  public void start() {
    work.resume();
  }

  /// Ends what writes to room-input; what is staged is gone on with at the next start.
  @Override
  public void stop() throws InterruptedException {
    if (!work.stop(PATIENCE_AT_END)) {
      LOG.log(Level.INFO, "events of other servers are still being fetched at the end");
    }
  }
}
