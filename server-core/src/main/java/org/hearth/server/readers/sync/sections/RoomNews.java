package org.hearth.server.readers.sync.sections;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.readers.sync.events.OwnMembership;
import org.hearth.server.readers.sync.events.Timeline;
import org.hearth.server.servers.room.RoomEvent;

/// What there is to tell of one room.
public sealed interface RoomNews {
  /// Events that are told, and what the room is to the user who sees them.
  ///
  /// @param state that the client is to know, by position
  public record Happened(List<RoomEvent> state, Timeline timeline, OwnMembership own) {
    public Happened {
      state = List.copyOf(state);
    }
  }

  /// A room in which the user is.
  ///
  /// @param summary empty when it has not changed
  /// @param happened empty when nothing did but to what follows
  /// @param accountData the user's data of the room, as events
  /// @param ephemeral events that are no part of the history: typing, receipts
  /// @param unread how much the user has not read
  public record Joined(
      Optional<RoomSummaries.Summary> summary,
      Optional<Happened> happened,
      List<ObjectNode> accountData,
      List<ObjectNode> ephemeral,
      UnreadCounts unread)
      implements RoomNews {
    /// Nothing yet.
    static final Joined QUIET =
        new Joined(Optional.empty(), Optional.empty(), List.of(), List.of(), UnreadCounts.NONE);

    public Joined {
      accountData = List.copyOf(accountData);
      ephemeral = List.copyOf(ephemeral);
    }

    /// A room in which something happened.
    static Joined of(Optional<RoomSummaries.Summary> summary, Happened happened) {
      return new Joined(summary, Optional.of(happened), List.of(), List.of(), UnreadCounts.NONE);
    }

    Joined withAccountData(ObjectNode event) {
      return new Joined(summary, happened, with(accountData, event), ephemeral, unread);
    }

    Joined withEphemeral(ObjectNode event) {
      return new Joined(summary, happened, accountData, with(ephemeral, event), unread);
    }

    Joined withUnread(UnreadCounts counts) {
      return new Joined(summary, happened, accountData, ephemeral, counts);
    }
  }

  /// A room in which the user no longer is, up to the moment of leaving.
  public record Left(Happened happened, List<ObjectNode> accountData) implements RoomNews {
    public Left {
      accountData = List.copyOf(accountData);
    }

    Left withAccountData(ObjectNode event) {
      return new Left(happened, with(accountData, event));
    }
  }

  /// A room to which the user is invited.
  public record Invited(List<ObjectNode> strippedState) implements RoomNews {
    public Invited {
      strippedState = List.copyOf(strippedState);
    }
  }

  /// A room into which the user wishes to be let.
  public record Knocked(List<ObjectNode> strippedState) implements RoomNews {
    public Knocked {
      strippedState = List.copyOf(strippedState);
    }
  }

  /// How many notifications of a room the user has not seen.
  public record UnreadCounts(long notifications, long highlights) {
    public static final UnreadCounts NONE = new UnreadCounts(0, 0);
  }

  private static List<ObjectNode> with(List<ObjectNode> events, ObjectNode event) {
    List<ObjectNode> all = new ArrayList<>(events);
    all.add(event);
    return all;
  }
}
