function n(t,{item:e}){return t.textContent=String(e.data.text??JSON.stringify(e.data)),{destroy:()=>t.replaceChildren()}}export{n as mount};
