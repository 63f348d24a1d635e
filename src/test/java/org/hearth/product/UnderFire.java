package org.hearth.product;

import static org.hearth.product.MatrixHttp.encoded;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// What is asked of one box while the server may be killed at any moment, the ledger of what was
/// acknowledged, and what must be so when it lives again.
///
/// **thread**: the acts of a client are its own thread's; the check comes when all of these have
/// ended.
interface UnderFire {
  /// Has a client ask something of the box, and notes the answer.
  ///
  /// @param client its number
  /// @param name unlike that of any other act
  /// @throws java.io.UncheckedIOException if the server is gone
  void act(int client, String name, SplittableRandom random);

  /// Looks, on a server that lives again, whether all that was acknowledged is there.
  ///
  /// @param context names the round
  void check(String context);

  /// A client that knows who it is.
  record Person(MatrixHttp http, String user, String device) {
    static Person of(MatrixHttp http) {
      JsonNode who = http.get("/account/whoami").granted();
      return new Person(http, who.path("user_id").textValue(), who.path("device_id").textValue());
    }

    static List<Person> of(List<MatrixHttp> clients) {
      return clients.stream().map(Person::of).toList();
    }

    /// News by `/sync`, at once.
    ///
    /// @param filter what is wanted of them, as JSON
    /// @param since empty for all
    JsonNode sync(String filter, String since) {
      String from = since.isEmpty() ? "" : "&since=" + since;
      return http.get("/sync?timeout=0&filter=" + encoded(filter) + from).granted();
    }
  }

  static String next(JsonNode sync) {
    return sync.path("next_batch").textValue();
  }

  static List<String> texts(JsonNode array) {
    List<String> all = new ArrayList<>();
    array.forEach(each -> all.add(each.textValue()));
    return all;
  }
}
