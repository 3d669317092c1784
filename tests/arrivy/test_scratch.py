from __future__ import annotations
import time
from typing import Any
from datetime import timedelta
from branchline.ledger import Account
from branchline.sources.arrivy import ARRIVY
from branchline.transport import Endpoint
from branchline.request import Request
from tests.contract.line import Line, NOW

class L(Line):
    def endpoint(self):
        return Endpoint("arrivy", self.account.account, self.vendor.arrivy,
            {"X-Auth-Key":"sandbox-arrivy-key","X-Auth-Token":"sandbox-arrivy-token"}, **({"concurrency": self.concurrency}|self.settings))

def test_it(warehouse: Any, vendors: Any) -> None:
    v = vendors()
    line = L(warehouse, v, ARRIVY, Account("arrivy","arrivy","arrivy","home"))
    for n in range(3):
        t=time.time()
        print(line.sync(run_id=f"r{n}"), line.errors, time.time()-t)
        for r in warehouse.rows("SELECT sync_type,status,records_fetched f,duplicates d,created c,updated u,unchanged un,stale s,deleted dl,quarantined q,api_calls calls,error_message FROM ops.sync_history WHERE run_id=%s ORDER BY 1",(f"r{n}",)):
            print(tuple(r))
    t = v.control.truth("0001-01-01","9999-12-31",source="arrivy")
    print(t["counts"])
    print(warehouse.rows("select stream,scope,cursor_value from ops.sync_cursors"))
    print(warehouse.rows("select table_name, severity, reason, field, count(*) from ops.quarantine group by 1,2,3,4"))
    print(warehouse.rows("select kind,subject from ops.schema_drift"))
    want={k:(x["status"], x["statusTitle"]) for k,x in t["tasks"].items()}
    got={r.task_id:(r.status, r.status_title) for r in warehouse.rows("select * from arrivy.tasks where not is_deleted")}
    bad=[(k,want.get(k),got.get(k)) for k in want|got if want.get(k)!=got.get(k)]
    print(len(want),len(got),len(bad),bad[:5])
    want={k:x["businessDate"] for k,x in t["tasks"].items()}
    got={r.task_id:r.business_date and str(r.business_date) for r in warehouse.rows("select * from arrivy.tasks where not is_deleted")}
    print([(k,want.get(k),got.get(k)) for k in want|got if want.get(k)!=got.get(k)][:5])
    assert 0
