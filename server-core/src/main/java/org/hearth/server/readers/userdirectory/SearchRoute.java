package org.hearth.server.readers.userdirectory;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomQueries;

/// `POST /user_directory/search`: people whose id or name has all the words that are asked for, in
/// any case and with or without accents.
///
/// **Thread:** any. **Source:** [user
/// directory](https://spec.matrix.org/v1.19/client-server-api/#user-directory)
final class SearchRoute implements RouteGroup {
  private static final int USUAL_LIMIT = 10;
  private static final int LARGEST_LIMIT = 50;

  /// A longer one has no match: no name is that long.
  private static final int LONGEST_TERM = 512;

  /// Of more people of such a name the rest is not looked at.
  private static final int MOST_MATCHES = 2_000;

  private final Names names;
  private final RoomQueries rooms;
  private final PeerQueries peers;

  SearchRoute(Names names, RoomQueries rooms, PeerQueries peers) {
    this.names = names;
    this.rooms = rooms;
    this.peers = peers;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.POST,
        ClientPaths.v3("/user_directory/search"),
        Access.USER,
        RateClass.SEARCH,
        this::search);
  }

  private Response search(Request request) {
    Fields fields = Fields.of(request.json());
    String term = fields.string("search_term");
    int limit =
        fields
            .optionalInteger("limit", 1, Long.MAX_VALUE)
            .map(each -> (int) Math.min(each, LARGEST_LIMIT))
            .orElse(USUAL_LIMIT);
    String folded = term.length() > LONGEST_TERM ? "" : SearchText.folded(term).strip();
    List<String> words = SearchText.words(folded);
    return answer(
        words.isEmpty()
            ? new Acquaintance.Found(List.of(), false)
            : find(request.requester().user(), folded, words, limit));
  }

  private Acquaintance.Found find(UserId user, String term, List<String> words, int limit) {
    List<Named> matches =
        names.find(words, MOST_MATCHES).stream()
            .filter(each -> each.user().isForwardable())
            .sorted(
                Comparator.comparingInt((Named each) -> rank(each, term, words.getFirst()))
                    .thenComparing(each -> each.name().isEmpty())
                    .thenComparing(Named::user))
            .toList();
    Acquaintance.Found found = new Acquaintance(rooms, peers, user).firstKnown(matches, limit);
    return matches.size() < MOST_MATCHES ? found : new Acquaintance.Found(found.users(), true);
  }

  /// How well a user fits: what is asked for is the name or the id, begins it, begins a word of the
  /// name, or is somewhere in it.
  private static int rank(Named named, String term, String word) {
    String id = SearchText.folded(named.user().value());
    String local = SearchText.folded(named.user().localpart());
    String name = SearchText.folded(named.name().orElse("")).strip();
    if (name.equals(term) || local.equals(term) || id.equals(term)) {
      return 0;
    }
    if (name.startsWith(term) || local.startsWith(term) || id.startsWith(term)) {
      return 1;
    }
    return SearchText.words(name).stream().anyMatch(each -> each.startsWith(word)) ? 2 : 3;
  }

  private static Response answer(Acquaintance.Found found) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode results = json.putArray("results");
    for (Named each : found.users()) {
      ObjectNode user = results.addObject().put("user_id", each.user().value());
      put(user, "display_name", each.name());
      put(user, "avatar_url", each.avatarUrl());
    }
    json.put("limited", found.limited());
    return Response.json(json);
  }

  private static void put(ObjectNode user, String name, Optional<String> text) {
    text.ifPresent(each -> user.put(name, each));
  }
}
